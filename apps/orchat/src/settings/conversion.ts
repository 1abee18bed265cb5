import type { Shape } from '../releases.js';
import { fieldsOf, sectionsOf } from './fields.js';
import type { Settings } from './settings.js';
import { type Tree, sameValue, setAt, valueAt } from './tree.js';

/** Where a field's value comes from when it has another name or unit in the shape before. */
interface Source {
  from: string;
  /** Answers undefined for a value that the new field cannot hold. */
  convert?: (value: unknown) => unknown;
}

interface Step {
  from: Shape;
  to: Shape;
  sources: Record<string, Source>;
}

const metricsNames = ['enabled', 'api', 'endpoint', 'labels'];
const moved = (to: string, from: string): Record<string, Source> =>
  Object.fromEntries(metricsNames.map((name) => [`${to}.${name}`, { from: `${from}.${name}` }]));

const steps: Step[] = [
  {
    from: 'schema2',
    to: 'schema3',
    sources: {
      'provider.endpoint': { from: 'endpoint' },
      'provider.model': { from: 'model' },
      'provider.timeoutSeconds': { from: 'timeoutSeconds' },
      'generation.temperature': { from: 'temperature' },
      'generation.maxTokens': { from: 'maxTokens' },
      'history.enabled': { from: 'history' },
    },
  },
  { from: 'schema3', to: 'schema3-metrics', sources: {} },
  {
    from: 'schema3-metrics',
    to: 'schema4',
    sources: {
      'provider.timeoutMs': { from: 'provider.timeoutSeconds', convert: (value) => Number(value) * 1000 },
      ...moved('observability.metrics', 'metrics'),
    },
  },
  {
    from: 'schema4',
    to: 'schema3-metrics',
    sources: {
      'provider.timeoutSeconds': { from: 'provider.timeoutMs', convert: wholeSeconds },
      ...moved('metrics', 'observability.metrics'),
    },
  },
  { from: 'schema3-metrics', to: 'schema3', sources: {} },
];

function wholeSeconds(value: unknown): number | undefined {
  const seconds = Number(value) / 1000;
  return Number.isInteger(seconds) ? seconds : undefined;
}

export type Conversion = { settings: Settings } | { losses: string[] };

/** Takes settings to another shape, or tells everything that would be lost on the way. */
export function convert(settings: Settings, to: Shape): Conversion {
  const way = wayBetween(settings.shape, to);
  if (way === undefined) return { losses: [`there is no way from ${settings.shape} to ${to}`] };
  let current = settings;
  for (const step of way) {
    const result = takeStep(current, step);
    if ('losses' in result) return result;
    current = result.settings;
  }
  return { settings: current };
}

const order: Shape[] = ['schema2', 'schema3', 'schema3-metrics', 'schema4'];

function wayBetween(from: Shape, to: Shape): Step[] | undefined {
  const direction = Math.sign(order.indexOf(to) - order.indexOf(from));
  const way: Step[] = [];
  for (let at = order.indexOf(from); order[at] !== to; at += direction) {
    const step = steps.find((known) => known.from === order[at] && known.to === order[at + direction]);
    if (step === undefined) return undefined;
    way.push(step);
  }
  return way;
}

function takeStep(settings: Settings, step: Step): Conversion {
  const values: Tree = {};
  const losses: string[] = [];
  const used = new Set<string>();
  for (const [path, rule] of Object.entries(fieldsOf[step.to])) {
    const source = step.sources[path] ?? { from: path };
    const old = valueAt(settings.values, source.from);
    if (!Object.hasOwn(fieldsOf[step.from], source.from)) {
      setAt(values, path, structuredClone(rule.default));
      continue;
    }
    used.add(source.from);
    const value = source.convert ? source.convert(old) : old;
    if (value === undefined) losses.push(`${source.from}: ${JSON.stringify(old)} cannot be kept as ${path}`);
    else setAt(values, path, value);
  }
  for (const [path, rule] of Object.entries(fieldsOf[step.from])) {
    if (used.has(path) || sameValue(valueAt(settings.values, path), rule.default)) continue;
    losses.push(`${path}: would be lost, the older schema has no such setting`);
  }
  const sections = sectionsOf(step.to);
  for (const { key } of settings.own) {
    if (!sections.includes(key)) continue;
    losses.push(`${key}: is a setting of your own, and the other schema uses the name`);
  }
  return losses.length > 0 ? { losses } : { settings: { shape: step.to, values, own: settings.own } };
}
