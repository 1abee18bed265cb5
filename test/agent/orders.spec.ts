import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OrderBody } from '#messaging';
import { isAlive } from '#platform';
import { sha256Hex } from '#proof';
import { AgentProcess } from '../support/agent-process.js';
import { runProcess } from '../support/machine.js';
import { newSigner } from '../support/messages.js';
import { until } from '../support/until.js';

let agent: AgentProcess;
beforeAll(async () => {
  agent = await AgentProcess.of('n-1', 'n-2', 'n-3');
  agent.start();
});
afterAll(() => agent.dispose());

it('carries out one step at a time of a node, in order, while other nodes go on', async () => {
  agent.hold('n-1');
  const first = ['a', 'b', 'c'].map((what) => agent.order('n-1', 'once', { parameters: { what } }));
  await agent.pidIn('n-1');
  const other = agent.order('n-2', 'once', { parameters: { what: 'd' } });
  await agent.ended(other);
  // All were taken, and one was begun.
  await until(() => first.every((order) => agent.service.isAccepted(order)), 10_000);
  expect(agent.ran('n-1')).toHaveLength(1);
  agent.release('n-1');
  for (const order of first) expect((await agent.ended(order)).report.outcome).toBe('succeeded');
  expect(agent.ran('n-1').map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(['begin a', 'end a', 'begin b', 'end b', 'begin c', 'end c']);
});

const bad = ['$(touch pwned)', '`touch pwned`', 'a; touch pwned', 'a\ntouch pwned', 'a b', '../a', 'a/../b', '-rf', '--to=x', '', "a'b", 'a"b', 'ä', '${what}', 'a'.repeat(101)];

it.each<[string, string, Partial<OrderBody>]>([
  ['an order whose time has run out', 'order-expired', { expiresAt: '2026-01-01T00:00:00.000Z' }],
  ['a runbook that it does not hold', 'runbook-unknown', { digest: 'f'.repeat(64) }],
  ['the digest of another runbook', 'runbook-unknown', { runbook: 'put', digest: 'work' }],
  ['a step that the runbook does not have', 'step-unknown', { step: 'more' }],
  ['a product that the node does not run', 'product-differs', { product: 'other' }],
  ['a parameter too many', 'parameter-invalid', { parameters: { what: 'a', more: 'b' } }],
  ['a parameter too few', 'parameter-invalid', { parameters: {} }],
  ['another parameter', 'parameter-invalid', { parameters: { other: 'a' } }],
  ...bad.map((what): [string, string, Partial<OrderBody>] => [`the parameter ${JSON.stringify(what.slice(0, 20))}`, 'parameter-invalid', { parameters: { what } }]),
  ...['../x', '/etc/passwd', 'a//b', 'a/./b', 'a\\b', 'https://h/x', 'a%2f..'].map((artifact): [string, string, Partial<OrderBody>] => [
    `the artifact ${artifact}`, 'parameter-invalid', { runbook: 'put', step: 'binary', parameters: { artifact, sha256: 'a'.repeat(64) } },
  ]),
])('refuses %s with a report', async (_, reason, over) => {
  const { step = 'once', ...rest } = over;
  const digest = over.digest === 'work' ? { digest: agent.digestOf('work') } : {};
  const order = agent.order('n-3', step, { ...rest, ...digest });
  expect((await agent.ended(order)).report).toEqual({
    outcome: 'refused', reason, startedAt: null, finishedAt: expect.any(String) as string, exit: null, facts: {}, output: null, found: false,
  });
  expect([agent.service.isAccepted(order), existsSync(agent.home('n-3', 'ran')), existsSync(agent.home('n-3', 'pwned'))]).toEqual([false, false, false]);
});

it('refuses what comes from an older epoch than it has seen, also after a restart, and ends what runs under one', async () => {
  agent.hold('n-2');
  const running = agent.order('n-2', 'again', { epoch: 2, parameters: { what: 'old' } });
  const pid = await agent.pidIn('n-2');
  await until(() => agent.service.isAccepted(running), 10_000);
  const waiting = agent.order('n-2', 'again', { epoch: 2, parameters: { what: 'never' } });
  await until(() => agent.service.isAccepted(waiting), 10_000);
  const newer = agent.order('n-2', 'version', { epoch: 3 });
  expect((await agent.ended(running)).report.outcome).toBe('interrupted');
  expect((await agent.ended(waiting)).report).toMatchObject({ outcome: 'refused', reason: 'epoch-old' });
  expect((await agent.ended(newer)).report.reason).toBe('step-unknown');
  agent.release('n-2');
  const taken = agent.order('n-2', 'again', { epoch: 3, parameters: { what: 'new' } });
  expect((await agent.ended(taken)).report.outcome).toBe('succeeded');
  await agent.kill();
  agent.start();
  const late = agent.order('n-2', 'again', { epoch: 2, parameters: { what: 'late' } });
  expect((await agent.ended(late)).report).toMatchObject({ outcome: 'refused', reason: 'epoch-old' });
  expect([isAlive(pid), agent.ran('n-2').filter((line) => /never|late|end old/.test(line))]).toEqual([false, []]);
}, 60_000);

it('answers nothing that the service did not sign, or that is of another site or node', async () => {
  const before = agent.service.arrived.length;
  const strangers = [agent.order('n-3', 'once', { site: 'south' }), agent.order('n-9', 'once'), agent.service.order({ node: 'n-3', step: 'once' }, newSigner('other'))];
  // Signed, and nothing that an order may be.
  for (const parameters of [{ what: 'a\0b' }, { constructor: 'b' }] as OrderBody['parameters'][]) strangers.push(agent.order('n-3', 'once', { parameters }));
  const own = agent.order('n-1', 'again', { parameters: { what: 'own' } });
  await agent.ended(own);
  expect(agent.service.arrived.slice(before).filter(({ body }) => strangers.includes(body.order!))).toEqual([]);
  for (const said of ['unknown-key', 'it is of site south', 'parameters.what: holds a NUL', 'has a field with the name']) expect(agent.output).toContain(said);
  expect(existsSync(agent.home('n-3', 'ran'))).toBe(false);
});

it('keeps of what a command says its beginning and end, with a mark between them, under the digest of just that', async () => {
  const order = agent.order('n-1', 'loud', { parameters: { what: 'x' } });
  const { report, evidence } = await agent.ended(order);
  expect(report.output).toEqual({ sha256: sha256Hex(Buffer.from(evidence)), bytes: evidence.length, truncated: true });
  expect(evidence.length).toBeLessThan(70_000);
  expect(evidence).toMatch(/^\$ "loud"\nfirst\nx+\n\[\.\.\. \d+ bytes left out here \.\.\.\]\nx+\nlast\n\n--- standard error\nwrong\n\n--- exit 0\n$/);
  const leftOut = Number(/(\d+) bytes left out/.exec(evidence)![1]);
  // The one x of "exit" is not of the command.
  expect(evidence.replace(/[^x]/g, '').length - 1 + leftOut).toBe(300_000);
  // And nothing stays on the agent's disk once the service has it.
  await until(() => readdirSync(join(agent.state, 'evidence')).length === 0, 10_000);
});

it('ends at the time-out all that a command has started, also what does not listen or has gone to another session', async () => {
  const order = agent.order('n-1', 'stubborn');
  const { report } = await agent.ended(order);
  expect(report).toMatchObject({ outcome: 'timed-out', reason: 'timed-out', exit: null });
  const pids = await Promise.all(['itself', 'child', 'elsewhere'].map((file) => agent.pidIn('n-1', file)));
  expect(new Set(pids).size).toBe(3);
  expect(pids.filter(isAlive)).toEqual([]);
});

it('tells what the service would not take until it does, and each time the same', async () => {
  agent.service.answering = 'breaks';
  const order = agent.order('n-1', 'again', { parameters: { what: 'told' } });
  const times = () => agent.service.arrived.filter(({ body }) => body.order === order && body.kind === 'finished').length;
  await until(() => times() >= 2, 20_000, () => agent.output.slice(-2_000));
  agent.service.answering = 'errors';
  await until(() => times() >= 3, 20_000);
  await agent.kill();
  agent.start();
  agent.service.answering = 'receipts';
  const before = times();
  await until(() => times() > before, 20_000, () => agent.output.slice(-2_000));
  expect((await agent.ended(order)).report.outcome).toBe('succeeded');
  const sequences = [...new Set(agent.service.arrived.map(({ body }) => body.sequence))].sort((a, b) => a - b);
  expect(sequences).toEqual(sequences.map((_, i) => i + 1));
}, 60_000);

it('lets no second agent work on the same state', async () => {
  const second = await runProcess(process.execPath, [agent.program], agent.env());
  expect([second.code, second.stderr]).toEqual([1, `rollbook agent: ${agent.state} is in use by process ${agent.pid}: end it, or give this agent another ROLLBOOK_AGENT_STATE\n`]);
  expect((await agent.ended(agent.order('n-1', 'again', { parameters: { what: 'still' } }))).report.outcome).toBe('succeeded');
});

it('takes no order when its disk is full, says so, and loses nothing', async () => {
  await agent.kill();
  const before = agent.output.length;
  agent.start('ulimit -S -f 48');
  const orders = Array.from({ length: 60 }, (_, i) => agent.order('n-3', 'again', { parameters: { what: `full-${i}-${'x'.repeat(80)}` } }));
  await until(() => agent.output.slice(before).includes('EFBIG'), 20_000, () => agent.output.slice(-2_000));
  const held = readFileSync(join(agent.state, 'journal'), 'utf8');
  for (const order of orders) if (agent.service.isAccepted(order)) expect(held).toContain(`"${order}"`);
  expect(orders.some((order) => !agent.service.endOf(order))).toBe(true);
  expect(agent.output.slice(before)).toMatch(/"level":"(warn|error)","message":"[^"]*(could not be pulled|cannot be written)/);
  const room = await runProcess('prlimit', ['--fsize=unlimited', '--pid', String(agent.pid)]);
  expect(room).toMatchObject({ code: 0, stderr: '' });
  for (const order of orders) expect((await agent.ended(order, 30_000)).report).toMatchObject({ outcome: 'succeeded', found: false });
  expect(agent.ran('n-3').filter((line) => line.startsWith('begin'))).toHaveLength(60);
}, 90_000);

it('starts over what a crash left of an older one: a lock, a key file and evidence half written', async () => {
  await agent.kill();
  for (const [file, text] of [['lock', '4194304 99'], ['lock.4194304', ''], ['agent.pem.next', '-----BEGIN'], ['journal.next', 'x'], ['evidence/half', 'x']]) {
    writeFileSync(join(agent.state, file!), text!);
  }
  agent.start();
  const order = agent.order('n-1', 'again', { parameters: { what: 'over' } });
  expect((await agent.ended(order)).report.outcome).toBe('succeeded');
  expect(existsSync(join(agent.state, 'evidence/half'))).toBe(false);
}, 60_000);
