import { isRefused, lifecycleDecider, nodeDecider, parseStream, policyDecider, productDecider, revisionOf, revisions, rolloutDecider, siteDecider, streamOf } from '#domain';
import type { Decider, Decision, DomainEvent, NodeState, PolicyInForce, ProductState, RevisionTable, RolloutState, SiteState } from '#domain';
import { digestOf, eventId } from '#ledger';
import type { AppendItem, AppendResult, Guard, JsonObject, Ledger, StoredEvent } from '#ledger';
import type { Clock } from '#platform';
import { decode } from './decode.js';
import type { Done, Meta, Outcome, Refused } from './outcome.js';
import { StateCache } from './state-cache.js';
import type { Known, Trace } from './state-cache.js';

/** A wish to one stream. `commands` are decided one after the other and recorded together. */
export interface Wish<C, S, E> {
  stream: string;
  decider: Decider<C, S, E>;
  commands: (at: string) => C[];
  meta: Meta;
  /** What was asked, for telling a repeat from the misuse of an id. */
  asked: unknown;
  /**
   * For facts that hold whatever else the stream says, or that count once however often they are said; decisions take
   * the version they were made at.
   */
  expect?: 'any';
  guards?: Guard[];
  /** Whether the whole stream is one operation, as a rollout is. */
  oneOperation?: boolean;
}

const attemptsMax = 50;

const deciders = { product: productDecider, node: nodeDecider, rollout: rolloutDecider, site: siteDecider, policy: policyDecider, lifecycle: lifecycleDecider };

const table: RevisionTable = revisions;

/** Loads a stream, lets its rules decide, appends what they decided; again when somebody else was quicker. */
export class Book {
  private readonly cache: StateCache;

  constructor(
    readonly ledger: Ledger,
    readonly clock: Clock,
    cacheSize = 20_000,
  ) {
    this.cache = new StateCache(cacheSize);
  }

  async act<C, S, E extends DomainEvent>(wish: Wish<C, S, E>): Promise<Outcome> {
    const { meta } = wish;
    const at = meta.at ?? this.clock.now();
    const digest = digestOf(wish.asked);
    let known = await this.known(wish.decider, wish.stream);
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const decided = decideAll(wish.decider, wish.commands(at), known.state);
      if (isRefused(decided) || decided.events.length === 0) {
        // What was remembered may be old; only what stands in the ledger can refuse.
        const fresh = await this.refresh(wish.decider, wish.stream, known);
        if (fresh.version !== known.version) {
          known = fresh;
          continue;
        }
        return (await this.earlier(meta.command, digest)) ?? quiet(decided, wish.stream, known);
      }
      if (meta.ifVersion !== undefined && meta.ifVersion !== known.version) {
        const fresh = await this.refresh(wish.decider, wish.stream, known);
        if (fresh.version !== meta.ifVersion) return (await this.earlier(meta.command, digest)) ?? versionDiffers(wish.stream, fresh.version);
        known = fresh;
        continue;
      }
      const item = itemOf(wish, decided.events, known, digest, at);
      const [result] = await this.ledger.append([item]);
      const outcome = this.outcome(wish, decided.events, known, item, result!);
      if (outcome) return outcome;
      known = await this.refresh(wish.decider, wish.stream, known);
    }
    throw new Error(`${wish.stream} kept changing while a command was decided`);
  }

  /** The state of a stream as the ledger has it now. */
  private async state<S, E>(decider: Decider<never, S, E>, stream: string): Promise<Known<S>> {
    const known = this.cache.get<S>(stream);
    return known ? this.refresh(decider, stream, known) : this.known(decider, stream);
  }

  product(product: string): Promise<Known<ProductState>> {
    return this.state(productDecider, streamOf.product(product));
  }

  node(node: string): Promise<Known<NodeState>> {
    return this.state(nodeDecider, streamOf.node(node));
  }

  rollout(rollout: string): Promise<Known<RolloutState>> {
    return this.state(rolloutDecider, streamOf.rollout(rollout));
  }

  site(site: string): Promise<Known<SiteState>> {
    return this.state(siteDecider, streamOf.site(site));
  }

  /** The policy in force, by its digest, with the exceptions from it. */
  async policy(): Promise<PolicyInForce & { adopted: boolean }> {
    const { state, version } = await this.state(policyDecider, streamOf.policy());
    return { state: state.content, digest: state.digest ?? digestOf(state.content), adopted: state.digest !== null, version, exceptions: [...state.exceptions.values()] };
  }

  /** States of many streams as the ledger has them now, read together. */
  async states<S, E>(decider: Decider<never, S, E>, streams: readonly string[]): Promise<Map<string, Known<S>>> {
    const states = new Map<string, Known<S>>();
    for (let i = 0; i < streams.length; i += 1_000) {
      const part = streams.slice(i, i + 1_000);
      for (const stream of part) states.set(stream, this.cache.get<S>(stream) ?? nothingKnown(decider.initial));
      const wanted = part.map((stream) => ({ stream, afterVersion: states.get(stream)!.version }));
      const fresh = new Map<string, StoredEvent[]>();
      for (const event of await this.ledger.readStreams(wanted)) fresh.set(event.stream, [...(fresh.get(event.stream) ?? []), event]);
      for (const [stream, events] of fresh) {
        const known = fold(decider, states.get(stream)!, events);
        states.set(stream, known);
        this.cache.set(stream, known);
      }
    }
    return states;
  }

  async nodes(names: readonly string[]): Promise<Map<string, NodeState>> {
    const states = await this.states(nodeDecider, [...new Set(names)].map(streamOf.node));
    return new Map(names.map((name) => [name, states.get(streamOf.node(name))!.state]));
  }

  /** The event that gave a node an order; undefined when none did. */
  async orderOf(node: string, order: string, known?: Known<NodeState>): Promise<Trace | undefined> {
    const { lastOrder } = known ?? (await this.node(node));
    if (lastOrder?.order === order) return lastOrder;
    // An older one is asked for when its report came late: seldom enough to read all that the node went through.
    const stored = await this.ledger.readStream(streamOf.node(node));
    return stored.map(orderIn).find((one) => one?.order === order);
  }

  /** Brings what is remembered up to date with events that were read anyway, so that they need not be read again. */
  learn(stored: readonly StoredEvent[]): void {
    for (const event of stored) {
      const decider = deciders[parseStream(event.stream).kind] as Decider<never, unknown, unknown>;
      const known = this.cache.get(event.stream) ?? (event.version === 1 ? nothingKnown(decider.initial) : undefined);
      if (known && known.version === event.version - 1) this.cache.set(event.stream, fold(decider, known, [event]));
    }
  }

  /** The first result of a command id: its answer to a repeat, or the refusal of its misuse. */
  async earlier(command: string, digest: string): Promise<Outcome | undefined> {
    const record = await this.ledger.findCommand(command);
    if (!record) return undefined;
    if (record.digest !== digest) return reused(command);
    return { ok: true, stream: record.stream, position: record.position, version: record.version, events: [], repeated: true };
  }

  private async known<S, E>(decider: Decider<never, S, E>, stream: string): Promise<Known<S>> {
    return this.cache.get<S>(stream) ?? this.refresh(decider, stream, nothingKnown(decider.initial));
  }

  private async refresh<S, E>(decider: Decider<never, S, E>, stream: string, known: Known<S>): Promise<Known<S>> {
    const fresh = fold(decider, known, await this.ledger.readStream(stream, known.version));
    this.cache.set(stream, fresh);
    return fresh;
  }

  /** Undefined when somebody else was quicker and the wish must be decided anew. */
  private outcome<C, S, E extends DomainEvent>(wish: Wish<C, S, E>, events: E[], known: Known<S>, item: AppendItem, result: AppendResult): Outcome | undefined {
    const { stream, decider, meta } = wish;
    switch (result.outcome) {
      case 'appended': {
        if (result.version === known.version + events.length) this.cache.set(stream, extend(decider, known, events, result, item));
        else this.cache.drop(stream);
        return { ok: true, stream, position: result.position, version: result.version, events, repeated: false };
      }
      case 'repeated':
        this.cache.drop(stream);
        return { ok: true, stream, position: result.position, version: result.version, events: [], repeated: true };
      case 'command-reused':
        return reused(meta.command);
      case 'conflict':
        return undefined;
      case 'guard':
        return { ok: false, refusal: { code: 'version-differs', facts: { stream: result.stream, version: result.version } } };
    }
  }
}

function decideAll<C, S, E>(decider: Decider<C, S, E>, commands: C[], state: S): Decision<E> {
  const events: E[] = [];
  let now = state;
  for (const command of commands) {
    const decided = decider.decide(command, now);
    if (isRefused(decided)) return decided;
    events.push(...decided.events);
    now = decided.events.reduce((before, event) => decider.evolve(before, event), now);
  }
  return { events };
}

function nothingKnown<S>(initial: S): Known<S> {
  return { state: initial, version: 0, position: 0, opening: undefined, lastOrder: undefined };
}

function itemOf<C, S, E extends DomainEvent>(wish: Wish<C, S, E>, events: E[], known: Known<S>, digest: string, at: string): AppendItem {
  const { meta, stream, guards } = wish;
  const opening = wish.oneOperation ? known.opening : undefined;
  // Whoever says which version they saw wants it to be that one.
  const any = wish.expect === 'any' && meta.ifVersion === undefined;
  return {
    stream, expect: any ? 'any' : { exact: known.version }, command: meta.command, digest, actor: meta.actor,
    correlation: meta.correlation ?? opening ?? meta.command,
    ...(meta.causation === undefined ? {} : { causation: meta.causation }),
    ...(guards ? { guards } : {}),
    events: events.map(({ type, data }) => ({ type, revision: revisionOf(table, type), data: data as unknown as JsonObject, occurredAt: at })),
  };
}

function fold<S, E>(decider: Decider<never, S, E>, known: Known<S>, stored: StoredEvent[]): Known<S> {
  if (stored.length === 0) return known;
  let { state, opening, lastOrder } = known;
  for (const one of stored) {
    const { event, envelope } = decode(one);
    state = decider.evolve(state, event as E);
    opening ??= envelope.correlation;
    lastOrder = traceOf(event, one, envelope.correlation) ?? lastOrder;
  }
  const last = stored.at(-1)!;
  return { state, version: last.version, position: last.position, opening, lastOrder };
}

function orderIn(stored: StoredEvent): Known<unknown>['lastOrder'] {
  if (stored.type !== 'step.ordered') return undefined;
  const { event, envelope } = decode(stored);
  return traceOf(event, stored, envelope.correlation);
}

function traceOf(event: DomainEvent, id: { command: string; ordinal: number }, correlation: string): Known<unknown>['lastOrder'] {
  return event.type === 'step.ordered' ? { order: event.data.order, causation: eventId(id), correlation } : undefined;
}

/** The state after events of our own, without reading them back. */
function extend<S, E extends DomainEvent>(decider: Decider<never, S, E>, known: Known<S>, events: E[], result: { position: number; version: number }, item: AppendItem): Known<S> {
  const { command, correlation } = item;
  const orders = events.map((event, ordinal) => traceOf(event, { command, ordinal }, correlation));
  const state = events.reduce((before, event) => decider.evolve(before, event), known.state);
  return { state, version: result.version, position: result.position, opening: known.opening ?? correlation, lastOrder: orders.findLast((one) => one) ?? known.lastOrder };
}

function quiet<S, E>(decided: Decision<E>, stream: string, known: Known<S>): Done | Refused {
  if (isRefused(decided)) return { ok: false, refusal: decided.refusal };
  return { ok: true, stream, position: known.position, version: known.version, events: [], repeated: false };
}

function reused(command: string): Refused {
  return { ok: false, refusal: { code: 'command-reused', facts: { command } } };
}

function versionDiffers(stream: string, version: number): Refused {
  return { ok: false, refusal: { code: 'version-differs', facts: { stream, version } } };
}
