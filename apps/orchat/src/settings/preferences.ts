import type { Settings } from './settings.js';
import { valueAt } from './tree.js';

/** What the program goes by, whatever the shape that the settings were written in. */
export interface Preferences {
  model: string;
  maxTokens: number;
  stop: string[];
  history: boolean;
  keepAnswers: boolean;
  ignore: string[];
  maxFiles: number;
  metrics: MetricsPreferences | undefined;
}

export interface MetricsPreferences {
  enabled: boolean;
  endpoint: string;
  labels: Record<string, string>;
}

export function preferencesOf({ shape, values }: Settings): Preferences {
  const value = <T>(path: string, fallback: T): T => (valueAt(values, path) as T | undefined) ?? fallback;
  const flat = shape === 'schema2';
  const metrics = metricsSection(shape);
  return {
    model: value(flat ? 'model' : 'provider.model', ''),
    maxTokens: value(flat ? 'maxTokens' : 'generation.maxTokens', 1),
    stop: value('generation.stop', []),
    history: value(flat ? 'history' : 'history.enabled', true),
    keepAnswers: value('history.keepAnswers', true),
    ignore: value('workspace.ignore', []),
    maxFiles: value('workspace.maxFiles', 1),
    metrics: metrics === undefined ? undefined : value<MetricsPreferences | undefined>(metrics, undefined),
  };
}

/** The path of the metrics section, which schema 4 keeps deeper. */
export function metricsSection(shape: Settings['shape']): string | undefined {
  if (shape === 'schema4') return 'observability.metrics';
  return shape === 'schema3-metrics' ? 'metrics' : undefined;
}

/** Why the metrics settings need a person's eye before an upgrade; empty when they are the usual ones. */
export function customMetrics(metrics: MetricsPreferences | undefined): string[] {
  if (metrics === undefined) return [];
  const reasons: string[] = [];
  if (!/^\/metrics\/v[12]$/.test(metrics.endpoint)) reasons.push(`metrics.endpoint is ${metrics.endpoint}`);
  const labels = Object.keys(metrics.labels);
  if (labels.length > 0) reasons.push(`metrics.labels holds ${labels.join(', ')}`);
  return reasons;
}
