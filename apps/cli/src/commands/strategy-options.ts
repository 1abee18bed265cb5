import { Option } from 'commander';
import type { Command } from 'commander';
import { Exit, usage } from '../exit.js';

/** What the command line says of how a rollout goes over its nodes. */
export interface StrategyOptions {
  maxUnavailable?: number;
  failureLimit?: number;
  missingLimit?: number;
  errorThreshold?: number;
  successThreshold?: number;
  acceptSeconds?: number;
  pauseSeconds?: number;
  waves?: object[];
  gate?: Gate[];
  strategy?: string;
  canaryNodes?: string;
  canaryUsers?: string;
  canaryPercent?: number;
  soak?: number;
  warmUp?: number;
  baseline?: number;
  looks?: number;
  canaryMetric?: object[];
}

type Gate = { [name: string]: unknown };

/** An option whose value is read; what cannot be read is told with the option that it was given to. */
export function reading<T>(flags: string, does: string, read: (text: string, before?: T) => T): Option {
  return new Option(flags, does).argParser((text: string, before?: T) => {
    try {
      return read(text, before);
    } catch (error) {
      throw error instanceof Exit ? usage(`${flags.split(' ')[0]}: ${error.message}. See --help of this command.`) : error;
    }
  });
}

export const whole = (text: string) => {
  if (!/^\d{1,9}$/.test(text)) throw usage(`${text} is not a whole number`);
  return Number(text);
};

/** 90, 90s, 15m, 2h or 1d, in seconds. */
export function seconds(text: string): number {
  const [, number, unit] = /^(\d{1,9})(s|m|h|d)?$/.exec(text) ?? [];
  if (number === undefined) throw usage(`${text} is not a length of time; write it like 90s, 15m, 2h or 1d`);
  return Number(number) * { s: 1, m: 60, h: 3_600, d: 86_400 }[unit ?? 's']!;
}

const percent = (text: string) => {
  const value = /^\d{1,3}(\.\d+)?%?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (!(value <= 100)) throw usage(`${text} is not a percentage`);
  return value;
};

/** `1,25%,rest` or `node-1+node-2,50%`. */
export function readWaves(text: string): object[] {
  const parts = text.split(',').map((part) => part.trim());
  const rest = parts.indexOf('rest');
  if (parts.some((part) => part === '') || (rest >= 0 && rest < parts.length - 1)) throw usage(`${text} is no list of waves; write it like 1,25%,rest`);
  return parts.filter((part) => part !== 'rest').map((part) => {
    if (/^\d+$/.test(part)) return { size: whole(part) };
    return part.endsWith('%') ? { percent: percent(part) } : { nodes: part.replaceAll('+', ',') };
  });
}

/** How the words of a gate are called in the API, and how each is read. */
const words: { [word: string]: [string, (text: string) => unknown] } = {
  after: ['after', whole], every: ['everySeconds', seconds], within: ['withinSeconds', seconds], passes: ['passes', whole], failures: ['failures', whole],
  otherwise: ['otherwise', String], url: ['url', String], threshold: ['threshold', String], query: ['query', String],
};

/** `health`, `manual:within=2h`, `prometheus:url=U;threshold=< 5;query=Q` with the query last, or JSON as in the API. */
export function readGate(text: string): Gate {
  if (text.startsWith('{')) {
    try {
      return JSON.parse(text) as Gate;
    } catch {
      throw usage(`the gate ${text} is no JSON`);
    }
  }
  const [, gate = '', rest] = /^([a-z]+)(?::([^]*))?$/.exec(text) ?? [];
  if (!['health', 'manual', 'prometheus', 'webhook'].includes(gate)) throw usage(`${text} is no gate: health, manual, prometheus or webhook`);
  const made: Gate = { gate };
  for (let left = rest ?? ''; left !== ''; ) {
    const [, word = '', value = '', more = ''] = /^(query)=([^]*)$/.exec(left) ?? /^([a-z]+)=([^;]*)(?:;([^]*))?$/.exec(left) ?? [];
    const known = Object.hasOwn(words, word) ? words[word] : undefined;
    if (!known) throw usage(`${left} is no option of a gate: ${Object.keys(words).join(', ')}`);
    made[known[0]] = known[1](value);
    left = more;
  }
  return made;
}

const metric = (text: string, before: object[] = []) => {
  const [name = '', ...marks] = text.split(':');
  const wrong = marks.find((mark) => mark !== 'lower' && mark !== 'shadow' && !mark.startsWith('per='));
  if (name === '' || wrong !== undefined) throw usage(`${text} is no metric; write it like errors, requests:lower or errors:per=requests`);
  const per = marks.find((mark) => mark.startsWith('per='))?.slice(4);
  return [...before, { metric: name, ...(marks.includes('lower') ? { worse: 'lower' } : {}), ...(marks.includes('shadow') ? { shadow: true } : {}), ...(per === undefined ? {} : { per }) }];
};

export function strategyOptions(command: Command, defaults: boolean): Command {
  const [unavailable, failures] = [reading('--max-unavailable <n>', 'nodes that may be in flight at the same time', whole), reading('--failure-limit <n>', 'nodes that may fail before the rollout stops', whole)];
  if (defaults) {
    unavailable.default(1);
    failures.default(0);
  }
  return command
    .addOption(unavailable)
    .addOption(failures)
    .addOption(reading('--missing-limit <n>', 'nodes that may vanish before the rollout stops', whole))
    .addOption(reading('--error-threshold <percent>', 'of a wave that may fail; beyond it the rollout stops at once', percent))
    .addOption(reading('--success-threshold <percent>', 'of a wave that must be measured at the new version before the next one', percent))
    .addOption(reading('--waves <list>', 'one after the other: sizes, percentages or nodes, as 1,25%,rest or node-1+node-2,rest', readWaves))
    .addOption(reading('--gate <gate>', 'between waves: health, manual:within=2h, webhook:url=U, prometheus:url=U;threshold=< 5;query=Q; may be repeated', (text, before: Gate[] = []) => [...before, readGate(text)]))
    .addOption(reading('--accept-seconds <n>', 'for an agent to take an order', whole))
    .addOption(reading('--pause-seconds <n>', 'for a paused or held rollout to be resumed; then it is aborted', whole));
}

export function canaryOptions(command: Command): Command {
  return command
    .addOption(new Option('--strategy <kind>', 'rolling, or canary: a few first, watched for a while beside others').choices(['rolling', 'canary']))
    .option('--canary-nodes <selector>', 'the canaries')
    .option('--canary-users <names>', 'nodes with these labels user=NAME are the canaries')
    .addOption(reading('--canary-percent <percent>', 'so many of all are canaries', percent))
    .addOption(reading('--soak <time>', 'how long canaries live before their verdict, as 15m or 2h', seconds))
    .addOption(reading('--warm-up <time>', 'at the begin of the soak, not compared', seconds))
    .addOption(reading('--baseline <time>', 'how long counts are taken before the first canary; as long as the soak', seconds))
    .addOption(reading('--looks <n>', 'how often counts are compared during the soak', whole))
    .addOption(reading('--canary-metric <name>', 'a count that is compared, as errors, done:lower, errors:per=requests; may be repeated', metric));
}

/** The strategy as the API takes it. */
export function strategyOf(options: StrategyOptions): { [name: string]: unknown } {
  const { maxUnavailable, failureLimit, missingLimit, errorThreshold, successThreshold, acceptSeconds, pauseSeconds, waves = [], gate = [] } = options;
  const canary = canaryOf(options);
  const all = {
    kind: canary ? 'canary' : options.strategy, maxUnavailable, failureLimit, missingLimit, errorPercent: errorThreshold, successPercent: successThreshold, acceptSeconds, pauseSeconds,
    waves: canary ? [canary.wave, ...waves] : options.waves, gates: canary ? [canary.gate, ...gate] : options.gate,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function canaryOf(options: StrategyOptions): { wave: object; gate: object } | undefined {
  const { strategy, canaryNodes, canaryUsers, canaryPercent, soak, warmUp, baseline, looks, canaryMetric } = options;
  const users = canaryUsers?.split(',').map((user) => `label.user=${user.trim()}`).join(',');
  const named = [canaryNodes, users].filter((one) => one !== undefined);
  if (strategy !== 'canary') {
    if (named.length > 0 || canaryPercent !== undefined || soak !== undefined) throw usage('canaries are of --strategy canary');
    return undefined;
  }
  if ((named.length > 0) === (canaryPercent !== undefined)) throw usage('--strategy canary needs --canary-nodes or --canary-users, or else --canary-percent');
  const gate = { gate: 'canary', soakSeconds: soak, warmUpSeconds: warmUp, baselineSeconds: baseline, looks, metrics: canaryMetric };
  return { wave: canaryPercent === undefined ? { nodes: named.join(',') } : { percent: canaryPercent }, gate: Object.fromEntries(Object.entries(gate).filter(([, value]) => value !== undefined)) };
}
