import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { CommandBus } from '@nestjs/cqrs';
import { Carrier } from '../../dist/apps/worker/src/conductor/carrier.js';
import { reactionsTo } from '../../dist/apps/worker/src/conductor/react.js';
import { Book, CommandsModule, ImportCatalogue, PlanRollout, StartRollout, TakeReport, decode } from '../../dist/libs/commands/src/index.js';
import { MemoryBlobs, MemoryShelf, envelopeOf, eventId } from '../../dist/libs/ledger/src/index.js';
import { loadCatalogue } from '../../dist/libs/messaging/src/index.js';
import { systemClock } from '../../dist/libs/platform/src/index.js';
import { root } from './ground.mjs';

const person = { kind: 'person', ref: 'bench' };
const digest = 'd'.repeat(64);

/** What an agent measures when all is well, by kind of step. */
const goodFacts = {
  health: () => ({ health: 'healthy' }),
  backup: ({ parameters }) => ({ name: parameters.backup, sha256: digest, bytes: 1024 }),
  'backup-check': () => ({ sha256: digest }),
  'migration-check': () => ({ needed: true, manual: [], fromSchema: 3, toSchema: 4 }),
  migration: () => ({ fromSchema: 3, toSchema: 4 }),
  install: ({ parameters }) => ({ sha256: parameters.sha256 }),
  version: (_, to) => ({ version: to }),
  config: () => ({ valid: true }),
  restore: () => ({ sha256: digest, matches: true }),
};

/**
 * Items of one whole rollout as the service writes them: the real commands, rules and conductor over a ledger in memory,
 * with agents that answer at once. One node fails after its upgrade and is rolled back.
 */
export async function itemsOfARollout(nodes) {
  const shelf = new MemoryShelf(() => systemClock.now());
  const app = await NestFactory.createApplicationContext(CommandsModule.over({ ledger: shelf, blobs: new MemoryBlobs(), clock: systemClock }), { logger: false });
  const [bus, book] = [app.get(CommandBus), app.get(Book)];
  const command = async (made) => {
    const outcome = await bus.execute(made);
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusal));
    return outcome;
  };
  const meta = () => ({ command: randomUUID(), actor: person });
  await command(new ImportCatalogue(meta(), loadCatalogue(join(root, 'catalog/orchat'))));
  const agents = new Agents(command, book, nodes.at(-1));
  for (const node of nodes) await agents.announce(node);
  const common = (await shelf.head()).position;
  const strategy = { maxUnavailable: nodes.length, failureLimit: nodes.length };
  const { rollout } = await command(new PlanRollout(meta(), { product: 'orchat', to: 'v0.7.0', selector: 'all', nodes, strategy, dryRun: false }));
  await command(new StartRollout(meta(), rollout, null));
  await carryOut(shelf, book, new Carrier(bus, book), agents);
  await app.close();
  const events = await shelf.read(0, Number.MAX_SAFE_INTEGER);
  const items = (some) => byCommand(some).map(itemOf);
  const isNode = ({ stream }) => !stream.startsWith('product/');
  return { rollout, catalogue: items(events.slice(0, common).filter((one) => !isNode(one))), items: items(events.filter(isNode)) };
}

async function carryOut(shelf, book, carrier, agents) {
  for (let position = 0; ; ) {
    const [stored] = await shelf.read(position, 1);
    if (!stored) return;
    position = stored.position;
    book.learn([stored]);
    const { event, envelope } = decode(stored);
    await carrier.carryOut(reactionsTo(event).map((reaction) => ({ reaction, cause: eventId(stored), correlation: envelope.correlation })));
    if (event.type === 'step.ordered') await agents.answer(event.data);
  }
}

class Agents {
  #sequence = 0;
  #incarnation = randomUUID();

  constructor(command, book, failing) {
    Object.assign(this, { command, book, failing });
  }

  announce(node) {
    return this.#say({ kind: 'announced', node, product: 'orchat', labels: { tier: 'web' }, version: 'v0.6.2', health: 'healthy' });
  }

  async answer(order) {
    const { node } = order;
    await this.#say({ kind: 'accepted', node, order: order.order });
    const { state } = await this.book.node(node);
    const facts = (goodFacts[order.kind] ?? (() => ({ ok: true })))(order, state.activity.passage.to);
    if (node === this.failing && order.phase === 'upgrade' && order.kind === 'version') facts.version = 'v0.6.2';
    const at = systemClock.now();
    const report = { outcome: 'succeeded', reason: null, startedAt: at, finishedAt: at, exit: 0, facts, output: null, found: false };
    await this.#say({ kind: 'finished', node, order: order.order, report });
  }

  #say(part) {
    const who = { site: 'local', agent: 'agent-1', incarnation: this.#incarnation, sequence: (this.#sequence += 1), at: systemClock.now() };
    return this.command(new TakeReport({ ...who, ...part }, []));
  }
}

/** The events of a command stand one behind the other. */
function byCommand(events) {
  const groups = [];
  for (const one of events) {
    if (groups.at(-1)?.[0].command === one.command) groups.at(-1).push(one);
    else groups.push([one]);
  }
  return groups;
}

function itemOf(stored) {
  const envelopes = stored.map(envelopeOf);
  const { stream, command, actor, correlation, causation } = envelopes[0];
  const events = envelopes.map(({ type, revision, data, occurredAt }) => ({ type, revision, data, occurredAt }));
  return { stream, expect: 'any', events, command, digest, actor, correlation, ...(causation === null ? {} : { causation }) };
}
