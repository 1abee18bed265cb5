import type { Shape } from '../releases.js';

export type Rule =
  | { is: 'flag'; default: boolean }
  | { is: 'number'; min: number; max: number; default: number }
  | { is: 'whole number'; min: number; max: number; default: number }
  | { is: 'text'; default: string }
  | { is: 'address'; default: string }
  | { is: 'list of texts'; default: string[] }
  | { is: 'labels'; default: Record<string, string> };

/** The fields of one shape by their dotted path. */
export type Fields = Record<string, Rule>;

const endpoint: Rule = { is: 'address', default: 'https://api.orchat.ai/v1' };
const model: Rule = { is: 'text', default: 'orchat-base' };
const temperature: Rule = { is: 'number', min: 0, max: 2, default: 0.7 };
const maxTokens: Rule = { is: 'whole number', min: 1, max: 200_000, default: 1024 };
const timeoutSeconds: Rule = { is: 'whole number', min: 1, max: 600, default: 60 };
const on: Rule = { is: 'flag', default: true };

const schema2: Fields = { endpoint, model, timeoutSeconds, temperature, maxTokens, history: on };

const schema3: Fields = {
  'provider.endpoint': endpoint,
  'provider.model': model,
  'provider.timeoutSeconds': timeoutSeconds,
  'generation.temperature': temperature,
  'generation.maxTokens': maxTokens,
  'history.enabled': on,
  'history.keepAnswers': on,
  'workspace.ignore': { is: 'list of texts', default: ['.git', 'node_modules'] },
  'workspace.maxFiles': { is: 'whole number', min: 1, max: 100_000, default: 1000 },
};

const metricsFields = (section: string): Fields => ({
  [`${section}.enabled`]: { is: 'flag', default: false },
  [`${section}.api`]: { is: 'whole number', min: 2, max: 2, default: 2 },
  [`${section}.endpoint`]: { is: 'address', default: '/metrics/v2' },
  [`${section}.labels`]: { is: 'labels', default: {} },
});

const { 'provider.timeoutSeconds': _replaced, ...kept } = schema3;

export const fieldsOf: Record<Shape, Fields> = {
  schema2,
  schema3,
  'schema3-metrics': { ...schema3, ...metricsFields('metrics') },
  schema4: {
    ...kept,
    'provider.timeoutMs': { is: 'whole number', min: 1, max: 600_000, default: 60_000 },
    'generation.stop': { is: 'list of texts', default: [] },
    ...metricsFields('observability.metrics'),
  },
};

const numbers: Record<Shape, number> = { schema2: 2, schema3: 3, 'schema3-metrics': 3, schema4: 4 };

export function schemaOf(shape: Shape): number {
  return numbers[shape];
}

/** The names that a shape uses on the top level; every other name there is the person's own. */
export function sectionsOf(shape: Shape): string[] {
  return [...new Set(Object.keys(fieldsOf[shape]).map((path) => path.split('.')[0]!))];
}
