import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { projections } from '#projections';
import { describeWithKafka } from '../support/kafka.js';
import type { TestKafka } from '../support/kafka.js';
import { Machine, killQuietly } from '../support/machine.js';
import { act, awaitHealthy, awaitQuiet, awaitRollout, planRollout } from '../support/rollouts.js';
import { firstSeen, groupBy, kcatMissing, oneTo, readEventsTopic } from '../support/topic.js';

const seed = Number(process.env['ROLLBOOK_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const killsMax = 12;
const victims = ['api', 'worker', 'agent', 'postgres', 'kafka'] as const;

interface Envelope {
  _ledger: { position: number };
  command: string;
  stream: string;
  type: string;
}

/** The same numbers for the same seed (mulberry32). */
function numbers(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Kills one process after the other until told to stop; what each was, in order. */
async function fire(machine: Machine, kafka: TestKafka, done: () => boolean): Promise<string[]> {
  const next = numbers(seed);
  const killed: string[] = [];
  while (!done() && killed.length < killsMax) {
    await new Promise((resolve) => setTimeout(resolve, 400 + next() * 1_200));
    if (done()) break;
    const victim = victims[Math.floor(next() * victims.length)]!;
    killed.push(victim);
    if (victim === 'kafka') {
      await kafka.broker.kill();
      await kafka.broker.restart();
    } else {
      killQuietly(machine.run().processes[victim]!, 'SIGKILL');
    }
  }
  return killed;
}

/** A person who keeps registering nodes, each under one key until it is acknowledged; the positions that were told. */
async function register(machine: Machine, done: () => boolean): Promise<Map<string, number>> {
  const told = new Map<string, number>();
  for (let i = 1; !done(); i++) {
    const node = `other-${i}`;
    const key = randomUUID();
    while (!told.has(node) && !done()) {
      try {
        const answer = await fetch(`${machine.url}/v1/nodes`, {
          method: 'POST', signal: AbortSignal.timeout(3_000), headers: { 'content-type': 'application/json', 'idempotency-key': key },
          body: JSON.stringify({ node, site: 'elsewhere', product: 'orchat' }),
        });
        if (answer.status === 201) told.set(node, ((await answer.json()) as { position: number }).position);
      } catch {
        // Away; the same key again, since the outcome is unknown.
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return told;
}

/** What the product's own log says was really changed, by command. */
function effects(machine: Machine, node: string): { [command: string]: number } {
  const log = readFileSync(join(machine.home, 'nodes', node, '.cache/orchat/logs/orchat.log'), 'utf8');
  const lines = log.trim().split('\n').map((line) => JSON.parse(line) as { command: string; outcome: string });
  const counted: { [command: string]: number } = {};
  for (const { command, outcome } of lines) if (outcome === 'ok') counted[command] = (counted[command] ?? 0) + 1;
  return counted;
}

describeWithKafka('the story under fire', { own: true, ...(kcatMissing ? { lacks: kcatMissing } : {}), broker: { fast: true } }, (kafka) => {
  let machine: Machine;
  let told: Map<string, number>;
  afterAll(() => machine?.dispose());

  it('ends in the same state though processes are killed at random moments', async () => {
    machine = new Machine({ KAFKA_BROKERS: kafka.brokers });
    await machine.start(['--no-story']);
    await awaitHealthy(machine, 4);
    const { rollout } = await planRollout(machine, { nodes: 'all', strategy: { failureLimit: 1, maxUnavailable: 2 } });
    await act(machine, rollout, 'start');
    let over = false;
    const registering = register(machine, () => over);
    const firing = fire(machine, kafka, () => over);
    try {
      const end = await awaitRollout(machine, rollout, 240_000);
      const summary = Object.fromEntries(end.nodes.map((node) => [node.node, `${node.state} ${node.result}`]));
      expect({ state: end.state, ...summary }).toEqual({
        state: 'partial', 'node-1': 'upgraded verified', 'node-2': 'upgraded verified', 'node-3': 'rolled-back claimed', 'node-4': 'upgraded verified',
      });
    } finally {
      over = true;
      const killed = await firing;
      process.stderr.write(`killed with seed ${seed}: ${killed.join(', ')} (again with ROLLBOOK_TEST_SEED=${seed})\n`);
    }
    told = await registering;
    await awaitQuiet(machine, 60_000);
  }, 330_000);

  it('has every acknowledged fact in the ledger, once', async () => {
    const answer = await fetch(`${machine.url}/v1/events?follow=no`, { headers: { accept: 'application/x-ndjson' } });
    const events = (await answer.text()).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Envelope);
    expect(events.map((event) => event._ledger.position)).toEqual(oneTo(events.length));
    expect(told.size).toBeGreaterThan(5);
    const registered = groupBy(events.filter((event) => event.type === 'node.registered'), (event) => event.stream);
    for (const [node, position] of told) {
      expect(registered.get(`node/${node}`)!.map((event) => event._ledger.position)).toEqual([position]);
    }
    expect(events.filter((event) => event.type === 'upgrade.verified')).toHaveLength(3);
    expect(events.filter((event) => event.type === 'rollback.verified')).toHaveLength(1);
    const [verified] = await machine.json<{ ok: boolean }>('ledger', 'verify');
    expect(verified!.ok).toBe(true);
  }, 60_000);

  it.each([
    ['node-1', { 'backup create': 1, '--migrate-config': 1, metrics: 1 }],
    ['node-2', { 'backup create': 1, '--migrate-config': 1, metrics: 1 }],
    ['node-3', { 'backup create': 1, '--migrate-config': 1, metrics: 1, 'backup restore': 1 }],
    ['node-4', { 'backup create': 1, '--migrate-config': 1, metrics: 1 }],
  ])('has changed %s once for each step', (node, wanted) => {
    const found = effects(machine, node);
    const changing = Object.fromEntries(Object.entries(found).filter(([command]) => ['backup create', '--migrate-config', 'metrics', 'backup restore'].includes(command)));
    expect(changing).toEqual(wanted);
  });

  it('has each stream in its order on the topic, with nothing missing', async () => {
    const events = await readEventsTopic(kafka.brokers);
    const [verified] = await machine.json<{ size: number }>('ledger', 'verify');
    expect(firstSeen(events, (event) => event.position).sort((a, b) => a - b)).toEqual(oneTo(verified!.size));
    for (const [stream, own] of groupBy(events, (event) => event.stream)) {
      const versions = firstSeen(own, (event) => event.version);
      expect({ stream, versions }).toEqual({ stream, versions: oneTo(versions.length) });
    }
  }, 60_000);

  it('rebuilds read models from zero that equal the live ones', async () => {
    const rebuilt = await machine.json<{ projection: string; differing: number }>('projections', 'rebuild', '--all', '--check');
    expect(rebuilt.map((one) => [one.projection, one.differing])).toEqual(projections.map(({ name }) => [name, 0]));
  }, 60_000);
});
