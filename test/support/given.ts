import { evolveNode, isRefused, isUnderWay, makePlan, noNode, nodeDecider, productDecider, stepsOf, targetOf } from '#domain';
import type {
  Catalogue, Decider, Decision, KnownNode, NodeCommand, NodeEvent, NodeState, Passage, Plan, ProductEvent, ProductState,
  PublishedRunbook, Refusal, Release, RolloutStrategy, RunbookStep, StepKind, StepReport,
} from '#domain';
import { digestOf } from '#proof';

/** Given these events, when this command comes, then these events are recorded, or it is refused, or nothing is left to do. */
export function given<C, S, E>(decider: Decider<C, S, E>, events: readonly E[] = []) {
  const state = events.reduce((before, event) => decider.evolve(before, event), decider.initial);
  return {
    state,
    when(command: C) {
      const decided = decider.decide(command, state);
      return {
        decided,
        records: (...expected: E[]) => expect(decided).toEqual({ events: expected }),
        recordsTypes: (...types: string[]) => expect(typesOf(decided)).toEqual(types),
        refuses: (code: Refusal['code'], facts: Refusal['facts']) => expect(decided).toEqual({ refusal: { code, facts } }),
        staysQuiet: () => expect(decided).toEqual({ events: [] }),
      };
    },
  };
}

function typesOf<E>(decided: Decision<E>): string[] | string {
  if (isRefused(decided)) return `refused: ${decided.refusal.code}`;
  return decided.events.map((event) => (event as { type: string }).type);
}

/** A stream as it grows: every command is decided on what was recorded before it. */
export class Story<C, S, E> {
  readonly events: E[] = [];
  /** What was asked when, for deciding it again. */
  readonly chapters: { before: number; command: C; decided: Decision<E> }[] = [];
  state: S;

  constructor(
    readonly decider: Decider<C, S, E>,
    events: readonly E[] = [],
  ) {
    this.state = decider.initial;
    for (const event of events) this.append(event);
  }

  /** Records what the command decides; a refusal records nothing. */
  tell(command: C): Decision<E> {
    const decided = this.decider.decide(command, this.state);
    this.chapters.push({ before: this.events.length, command, decided });
    if (!isRefused(decided)) for (const event of decided.events) this.append(event);
    return decided;
  }

  /** As `tell`, for a command that must not be refused. */
  does(command: C): E[] {
    const decided = this.tell(command);
    if (isRefused(decided)) throw new Error(`refused: ${JSON.stringify(decided.refusal)}`);
    return decided.events;
  }

  private append(event: E): void {
    this.events.push(event);
    this.state = this.decider.evolve(this.state, event);
  }
}

/** An instant on the day of the samples: `clock(90)` is half past ten. */
export function clock(minutes: number, seconds = 0): string {
  return new Date(Date.UTC(2026, 0, 16, 9, minutes, seconds)).toISOString();
}

/** A digest that is easy to tell apart. */
export function digest(letter: string): string {
  return letter.repeat(64);
}

export const backupDigest = digest('b');
export const binaries = { 'v0.5.0': digest('5'), 'v0.6.0': digest('6'), 'v0.7.0': digest('7') } as const;

export function step(kind: StepKind, rules: Partial<RunbookStep> = {}): RunbookStep {
  const changes = ['install', 'migration', 'restore', 'remove'].includes(kind);
  return {
    step: kind, title: `The ${kind} step`, kind, timeoutMs: 30_000, attempts: 1, repeat: 'safe', onFailure: 'rollback', changes, ...rules,
  };
}

export function runbook(name: string, parameters: string[], steps: RunbookStep[]): PublishedRunbook {
  const typed = Object.fromEntries(parameters.map((parameter) => [parameter, { type: 'name' }]));
  const content = { runbook: name, title: `Runbook ${name}`, parameters: typed, steps };
  return { runbook: name, digest: digestOf(content), content };
}

export function release(version: string, rules: Partial<Release> = {}): Release {
  const sha256 = binaries[version as keyof typeof binaries] ?? digest('0');
  return {
    version, released: null, scheduled: null, supportEnds: null, breaking: [], notes: [],
    artifacts: [{ name: 'orchat', file: `${version}/orchat`, sha256 }], ...rules,
  };
}

/** Every kind of step once on the way there; the way back has what a way back needs. */
export const runbooks = {
  before: runbook('before', [], [step('system'), step('health')]),
  backup: runbook('backup', ['backup'], [step('backup'), step('backup-check')]),
  install: runbook('install', ['artifact', 'sha256', 'node'], [step('migration-check'), step('install'), step('migration')]),
  verify: runbook('verify', ['to'], [step('config'), step('command'), step('version'), step('feature')]),
  rollback: runbook('rollback', ['artifact', 'sha256', 'backup'], [step('install'), step('restore'), step('version')]),
};

export function catalogue(rules: Partial<Catalogue> = {}): Catalogue {
  return {
    product: 'orchat', name: 'ORCHAT', versionCommand: ['orchat', '--version'], healthCommand: ['orchat', 'health-check', '--json'],
    releases: [release('v0.5.0'), release('v0.6.0'), release('v0.7.0', { released: '2026-01-16' })],
    paths: [
      { from: ['v0.5.0'], to: 'v0.6.0', migration: 'partial', notes: [], upgrade: ['before', 'install', 'verify'], rollback: ['rollback'] },
      { from: ['v0.6.0'], to: 'v0.7.0', migration: 'automatic', notes: [], upgrade: ['before', 'backup', 'install', 'verify'], rollback: ['rollback'] },
    ],
    runbooks: Object.values(runbooks),
    ...rules,
  };
}

export function productEvents(sample: Catalogue = catalogue()): ProductEvent[] {
  const decided = productDecider.decide({ type: 'import-catalogue', catalogue: sample, at: clock(0) }, productDecider.initial);
  if (isRefused(decided)) throw new Error(`refused: ${JSON.stringify(decided.refusal)}`);
  return decided.events;
}

export function productOf(sample?: Catalogue): ProductState {
  return given(productDecider, productEvents(sample)).state;
}

/** A node that an agent has announced, healthy at a version. */
export function nodeEvents(node: string, version: string | null = 'v0.6.0', rules: { site?: string; product?: string } = {}): NodeEvent[] {
  const { site = 'home', product = 'orchat' } = rules;
  const events: NodeEvent[] = [{ type: 'node.registered', data: { node, site, product, labels: {} } }];
  if (version !== null) events.push({ type: 'node.version-observed', data: { node, version, source: 'announcement' } });
  return [...events, { type: 'node.health-observed', data: { node, health: 'healthy', source: 'announcement' } }];
}

export function nodeOf(events: readonly NodeEvent[]): NodeState {
  return events.reduce(evolveNode, noNode);
}

export const strategy: RolloutStrategy = {
  kind: 'rolling', maxUnavailable: 2, failureLimit: 1, acceptSeconds: 60, graceSeconds: 30, pauseSeconds: 3600,
};

/** The plan to v0.7.0 of nodes at v0.6.0. */
export function planOf(
  names: readonly string[],
  rules: { rollout?: string; strategy?: Partial<RolloutStrategy>; catalogue?: Catalogue } = {},
): { plan: Plan; digest: string } {
  const request = {
    rollout: rules.rollout ?? 'r-1', product: 'orchat', to: 'v0.7.0', selector: 'all', nodes: [...names],
    strategy: { ...strategy, ...rules.strategy }, at: clock(0),
  };
  const nodes = new Map(names.map((name) => [name, nodeOf(nodeEvents(name))]));
  const planned = makePlan(request, productOf(rules.catalogue), nodes, digestOf);
  if (isRefused(planned)) throw new Error(`refused: ${JSON.stringify(planned.refusal)}`);
  return { plan: planned.plan, digest: planned.digest };
}

export function report(facts: StepReport['facts'], rules: Partial<StepReport> = {}): StepReport {
  return {
    outcome: 'succeeded', reason: null, startedAt: clock(1), finishedAt: clock(2), exit: 0, facts, output: null, found: false, ...rules,
  };
}

/** Facts that prove a step of the samples: what a well-behaved product says. */
export function proof(kind: string, to: string, backup = 'pre-upgrade-r-1'): StepReport['facts'] {
  const facts: { [kind: string]: StepReport['facts'] } = {
    system: { ok: true }, health: { health: 'healthy' }, feature: { ok: true }, config: { valid: true }, command: {}, version: { version: to },
    backup: { name: backup, sha256: backupDigest, bytes: 4096 }, 'backup-check': { sha256: backupDigest },
    'migration-check': { needed: true, manual: [], fromSchema: 3, toSchema: 4 }, migration: { fromSchema: 3, toSchema: 4 },
    install: { sha256: binaries[to as keyof typeof binaries] }, restore: { sha256: backupDigest, matches: true },
    archive: { name: backup, sha256: backupDigest, bytes: 4096 }, remove: {}, review: {}, baseline: { medianMs: 40, runsMs: ['40'] },
    validation: { suite: 'all', total: 5, passed: 5, failed: 0 },
  };
  return facts[kind]!;
}

/** What a review step shows, by digest. */
export const shownOutput = { sha256: digest('a'), bytes: 120, truncated: false };

type NodeData = { [E in NodeEvent as E['type']]: E['data'] };

/** A node in the upgrade of a plan, driven step by step as a conductor and an agent would. */
export class NodeStory extends Story<NodeCommand, NodeState, NodeEvent> {
  constructor(
    readonly node: string,
    readonly made: { plan: Plan; digest: string },
    events: readonly NodeEvent[] = nodeEvents(node),
  ) {
    super(nodeDecider, events);
  }

  get known(): KnownNode {
    if (this.state.status === 'none') throw new Error(`nobody registered ${this.node}`);
    return this.state;
  }

  /** The passage under way; undefined when there is none. */
  get passage(): Passage | undefined {
    return this.known.activity.kind === 'passage' ? this.known.activity.passage : undefined;
  }

  /** The order that waits for its report. */
  get order(): NodeData['step.ordered'] | undefined {
    if (!this.passage || !isUnderWay(this.passage)) return undefined;
    return this.last('step.ordered');
  }

  last<T extends keyof NodeData>(type: T): NodeData[T] {
    const found = this.events.findLast((event) => event.type === type);
    if (!found) throw new Error(`${type} never happened`);
    return found.data as NodeData[T];
  }

  start(at = clock(0)): NodeEvent[] {
    const { plan, digest: planDigest } = this.made;
    const { rollout, routes, targets, strategy: { acceptSeconds, graceSeconds } } = plan;
    const route = routes[targets.find((target) => target.node === this.node)!.route]!;
    const waits = { acceptSeconds, graceSeconds };
    return this.does({ type: 'start-upgrade', node: this.node, rollout, planDigest, route, waits, at });
  }

  advance(at = clock(0)): NodeEvent[] {
    return this.does({ type: 'advance-passage', node: this.node, at });
  }

  accept(): NodeEvent[] {
    return this.does({ type: 'record-acceptance', node: this.node, order: this.order!.order, agent: 'a-1', acceptedAt: clock(0) });
  }

  /** Reports on the order under way; the facts are those of a well-behaved product, unless others are given. */
  reports(rules: Partial<StepReport> = {}): NodeEvent[] {
    const { order, kind } = this.order!;
    const facts = proof(kind, targetOf(this.passage!, stepsOf(this.passage!)[this.order!.index]!));
    const shown = kind === 'review' ? { output: shownOutput } : {};
    return this.does({ type: 'record-report', node: this.node, order, agent: 'a-1', report: report(facts, { ...shown, ...rules }) });
  }

  /** Goes on with good reports until a step of this kind is under way, or until the passage has ended. */
  until(kind?: StepKind): this {
    this.advance();
    for (let steps = 0; this.order && this.order.kind !== kind; steps++) {
      if (steps > 100) throw new Error('the passage does not end');
      this.reports();
      this.advance();
    }
    return this;
  }
}
