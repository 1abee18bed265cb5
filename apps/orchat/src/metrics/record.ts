export interface MetricRecord {
  at: string;
  name: string;
  value: number;
  labels: Record<string, string>;
}

/** Where a release writes its metrics. */
export interface Recorder {
  path: string;
  /** Makes whatever must exist before the first record. */
  prepare(): void;
  add(record: MetricRecord): void;
  /** How many records were ever added. */
  count(): number;
  last(): MetricRecord | undefined;
}
