import { appendFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isAlive } from '#platform';
import { AgentProcess } from '../support/agent-process.js';
import { until } from '../support/until.js';

let agent: AgentProcess;
afterEach(() => agent.dispose());

const inJournal = (order: string) => readFileSync(join(agent.state, 'journal'), 'utf8').includes(`"${order}"`);

it('acknowledges nothing that its journal does not hold, and loses nothing that it acknowledged, however often it is killed', async () => {
  agent = await AgentProcess.of('n-1', 'n-2', 'n-3');
  const acknowledged: [order: string, held: boolean][] = [];
  let reports = 0;
  agent.service.onReport = ({ kind, order }) => {
    if (kind === 'accepted') acknowledged.push([order!, inJournal(order!)]);
    // In the very moment in which it was told, before there is a receipt.
    if (++reports % 7 === 0 && reports < 40) process.kill(agent.pid, 'SIGKILL');
  };
  const orders = Array.from({ length: 12 }, (_, i) => agent.order(agent.nodes[i % 3]!, 'look', { parameters: { what: `w${i}` } }));
  for (let starts = 0; starts < 12 && !orders.every((order) => agent.service.endOf(order)); starts++) {
    agent.start();
    await until(() => orders.every((order) => agent.service.endOf(order)) || !isAlive(agent.pid), 30_000, () => agent.output.slice(-2_000));
    await agent.kill();
  }
  expect(new Set(acknowledged.map(([order]) => order))).toEqual(new Set(orders));
  expect(acknowledged.filter(([, held]) => !held)).toEqual([]);
  for (const [i, order] of orders.entries()) {
    expect(agent.service.endOf(order)!.report).toMatchObject({ outcome: 'succeeded', reason: null });
    expect(agent.ran(agent.nodes[i % 3]!).filter((line) => line === `end w${i}`)).toHaveLength(1);
  }
  const seen = agent.service.arrived.map(({ body }) => JSON.stringify(body));
  const sequences = new Set(agent.service.arrived.map(({ body }) => body.sequence));
  // Told again as often as it takes, always in the same words, under numbers without a gap.
  expect([new Set(seen).size, seen.length > sequences.size, Math.max(...sequences)]).toEqual([sequences.size, true, sequences.size]);
}, 90_000);

it('goes on by the rule of each step after a kill, and no command of the one before goes on beside it', async () => {
  agent = await AgentProcess.of('n-1', 'n-2', 'n-3', 'n-4');
  for (const node of agent.nodes) agent.hold(node);
  const [again, look, once, done] = [agent.order('n-1', 'again'), agent.order('n-2', 'look'), agent.order('n-3', 'once'), agent.order('n-4', 'look')];
  agent.start();
  const before = await Promise.all(agent.nodes.map((node) => agent.pidIn(node)));
  await agent.kill();
  expect(before.filter(isAlive)).toEqual(before);
  // It was done all the same, and only the telling was cut off.
  writeFileSync(agent.home('n-4', 'done.look'), '');
  // And the machine left a line that is half written.
  appendFileSync(join(agent.state, 'journal'), '0123456789abcdef [{"t":"ord');
  agent.start();
  expect((await agent.ended(once)).report).toMatchObject({ outcome: 'interrupted', reason: 'broken-off', exit: null, output: null });
  expect((await agent.ended(done)).report).toMatchObject({ outcome: 'succeeded', found: true });
  await until(() => ['n-1', 'n-2'].every((node) => agent.ran(node).length === 2), 20_000);
  expect(before.filter(isAlive)).toEqual([]);
  for (const node of agent.nodes) agent.release(node);
  for (const order of [again, look]) expect((await agent.ended(order)).report).toMatchObject({ outcome: 'succeeded', found: false });
  const kinds = (node: string) => agent.ran(node).map((line) => line.split(' ')[0]);
  expect(agent.nodes.map(kinds)).toEqual([['begin', 'begin', 'end'], ['begin', 'begin', 'end'], ['begin'], ['begin']]);
}, 60_000);

it('ends what the one before had begun to look at, too', async () => {
  agent = await AgentProcess.of('n-1');
  agent.hold('n-1', 'hold-version');
  agent.start();
  const before = await agent.pidIn('n-1', 'looking');
  await agent.kill();
  expect(isAlive(before)).toBe(true);
  agent.release('n-1', 'hold-version');
  agent.hold('n-1', 'hold-version');
  agent.start();
  await until(() => !isAlive(before), 20_000, () => agent.output);
  agent.release('n-1', 'hold-version');
  await until(() => agent.service.arrived.some(({ body }) => body.version === 'v1.9'), 20_000, () => agent.output);
}, 60_000);

it('puts a binary in place after a kill in the middle of fetching it, and leaves no part behind', async () => {
  agent = await AgentProcess.of('n-1');
  const bytes = Buffer.alloc(200_000, 'binary');
  agent.service.artifacts.set('thing/v2/thing', { bytes, whole: false });
  writeFileSync(agent.home('n-1', '.local/bin/thing'), 'old');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const order = agent.order('n-1', 'binary', { runbook: 'put', parameters: { artifact: 'v2/thing', sha256 } });
  agent.start();
  const parts = () => readdirSync(agent.home('n-1', '.local/bin')).filter((name) => name.endsWith('.next'));
  await until(() => parts().length === 1, 20_000, () => agent.output);
  await agent.kill();
  expect(readFileSync(agent.home('n-1', '.local/bin/thing'), 'utf8')).toBe('old');
  agent.service.artifacts.set('thing/v2/thing', { bytes, whole: true });
  agent.start();
  expect((await agent.ended(order)).report).toMatchObject({ outcome: 'succeeded', facts: { sha256, bytes: 200_000 }, found: false });
  expect(readFileSync(agent.home('n-1', '.local/bin/thing')).equals(bytes)).toBe(true);
  expect(parts()).toEqual([]);
}, 60_000);

it('takes its steps up again after it was asked to end, and leaves no command behind', async () => {
  agent = await AgentProcess.of('n-1', 'n-2');
  for (const node of agent.nodes) agent.hold(node);
  const [again, once] = [agent.order('n-1', 'again'), agent.order('n-2', 'once')];
  agent.start();
  const before = await Promise.all(agent.nodes.map((node) => agent.pidIn(node)));
  await agent.kill('SIGTERM');
  expect([await agent.exit(1_000), before.filter(isAlive), existsSync(join(agent.state, 'lock'))]).toEqual([0, [], false]);
  for (const node of agent.nodes) agent.release(node);
  agent.start();
  expect((await agent.ended(again)).report.outcome).toBe('succeeded');
  expect((await agent.ended(once)).report).toMatchObject({ outcome: 'interrupted', reason: 'broken-off' });
}, 60_000);
