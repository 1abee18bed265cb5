/** A ledger event on its way to Kafka. */
export interface PublishedEvent {
  id: string;
  type: string;
  stream: string;
  version: number;
  position: number;
  recordedAt: string;
  correlation: string;
  causation: string | null;
  /** The exact bytes that the ledger stores and hashes. */
  bytes: Buffer;
}

/**
 * CloudEvents 1.0, Kafka binding, binary mode: attributes as ce_ headers, the value is the ledger's bytes as they are,
 * so that a reader can hash them. `partitionsequence` counts a partition's events from 1 without a gap: a reader who
 * misses one, or sees one again, knows.
 */
export function cloudEventRecord(event: PublishedEvent, options: { topic: string; source: string; partitionSequence: number }) {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_id: event.id,
    ce_source: options.source,
    ce_type: `rollbook.${event.type}`,
    ce_subject: event.stream,
    ce_time: event.recordedAt,
    ce_partitionkey: event.stream,
    ce_position: String(event.position),
    ce_streamversion: String(event.version),
    ce_partitionsequence: String(options.partitionSequence),
    ce_correlationid: event.correlation,
  };
  if (event.causation !== null) headers['ce_causationid'] = event.causation;
  return { topic: options.topic, key: event.stream, value: event.bytes, headers };
}
