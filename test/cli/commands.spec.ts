import { spawn } from 'node:child_process';
import { Machine, cliProgram, runProcess } from '../support/machine.js';
import { awaitHealthy, awaitQuiet, awaitRollout, planRollout } from '../support/rollouts.js';
import type { RolloutStatus } from '../support/rollouts.js';
import { haveTerminal, onTerminal } from '../support/terminal.js';
import { until } from '../support/until.js';

const machine = new Machine();
beforeAll(async () => {
  await machine.start(['--no-story']);
  await awaitHealthy(machine, 4);
  await awaitQuiet(machine, 30_000);
}, 120_000);
afterAll(() => machine.dispose());

/** Text of a command that succeeds and has nothing to complain of. */
async function text(...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await machine.cli(...args);
  expect([args.join(' '), code, stderr]).toEqual([args.join(' '), 0, '']);
  return stdout.trimEnd().split('\n');
}

/** Every cell begins in the column in which its heading does. */
function expectAligned([head, ...rows]: string[]): void {
  const starts = [...head!.matchAll(/(?:^| {2})(\S)/g)].map((found) => found.index + found[0].length - 1);
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) for (const at of starts.filter((start) => start < row.length)) expect([row, at, row.slice(Math.max(0, at - 2), at + 1)]).toEqual([row, at, expect.stringMatching(at === 0 ? /^\S/ : /^ {2}\S/)]);
}

describe('nodes and products', () => {
  it('node list', async () => {
    const lines = await text('node', 'list');
    expect(lines[0]).toBe('NODE    PRODUCT  VERSION  HEALTH   STATE  SINCE                 SITE   LABELS');
    expect(lines).toHaveLength(5);
    expectAligned(lines);
    const nodes = await machine.json<object>('node', 'list');
    expect(nodes).toHaveLength(4);
    for (const node of nodes) expect(Object.keys(node)).toEqual(['node', 'product', 'site', 'version', 'health', 'state', 'since', 'rollout', 'reason', 'labels']);
    expect(nodes[0]).toMatchObject({ node: 'node-1', product: 'orchat', version: 'v0.6.2', state: 'ready', since: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string });
  });

  it('node list --nodes takes any selector', async () => {
    const names = async (selector: string) => (await machine.json<{ node: string }>('node', 'list', '--nodes', selector)).map(({ node }) => node);
    expect(await names('label.tier=web')).toEqual(['node-1', 'node-2']);
    expect(await names('node-3,node-4')).toEqual(['node-3', 'node-4']);
    expect(await text('node', 'list', '--nodes', 'nobody')).toEqual(['No node matches nobody.']);
    const refused = await machine.cli('node', 'list', '--nodes', 'color=red');
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/^rollbook: selector-invalid: .* Use all, names, .*\n$/)]);
  });

  it('node show', async () => {
    const lines = await text('node', 'show', 'node-1');
    expect(lines.map((line) => line.split(/ +/)[0])).toEqual(['node', 'product', 'version', 'health', 'state', 'since', 'site', 'labels', 'rollout', 'reason']);
    expect(await machine.json('node', 'show', 'node-1')).toMatchObject([{ node: 'node-1', version: 'v0.6.2', labels: { tier: 'web' } }]);
    expect(await machine.cli('node', 'show', 'nobody')).toEqual({ code: 1, stdout: '', stderr: 'rollbook: node-unknown: there is no node nobody. List the nodes with `rollbook node list`.\n' });
  });

  it('node history, and with --all what led to each entry', async () => {
    const lines = await text('node', 'history', 'node-1');
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\d [\d:]{8}Z {2}· registered at site local with product orchat$/);
    expect((await text('node', 'history', 'node-1', '--all'))[1]).toMatch(/^ {24}position \d+, node\.registered, by agent:local\/agent-1, because of /);
    const [entry] = await machine.json<object>('node', 'history', 'node-1');
    expect(Object.keys(entry!)).toEqual(expect.arrayContaining(['node', 'position', 'type', 'occurredAt', 'recordedAt', 'actor', 'causation', 'correlation', 'data']));
  });

  it('product list and product show', async () => {
    expectAligned(await text('product', 'list'));
    expect(await machine.json('product', 'list')).toMatchObject([{ product: 'json5' }, { product: 'orchat', name: 'ORCHAT', managed: true, releases: 7, latest: 'v0.8.0' }]);
    const sections = (await text('product', 'show', 'orchat')).join('\n').split('\n\n');
    expect(sections[0]).toMatch(/^ORCHAT, as of \d{4}-\d{2}-\d{2}$/);
    for (const section of sections.slice(1)) expectAligned(section.split('\n'));
    expect(sections.slice(1).map((section) => section.split(' ')[0])).toEqual(['RELEASE', 'FROM', 'METHOD', 'BACK', 'PROCEDURE', 'RUNBOOK']);
    const [product] = await machine.json<{ releases: object[]; certification: object[] }>('product', 'show', 'orchat');
    expect(product!.releases).toHaveLength(7);
  });
});

describe('rollouts', () => {
  let rollout: string;
  let digest: string;
  const plan = ['rollout', 'plan', '--product', 'orchat', '--to', 'v0.7.0'];

  it('rollout list before there is one says how to plan it', async () => {
    expect(await text('rollout', 'list')).toEqual(['No rollout was planned yet. Plan one with: rollbook rollout plan --help']);
    expect(await machine.json('rollout', 'list')).toEqual([]);
  });

  it('rollout plan --dry-run shows the plan and records nothing', async () => {
    const said = (await text(...plan, '--nodes', 'node-1', '--dry-run')).join('\n');
    for (const part of ['nothing is recorded', 'digest     ', 'product    orchat to v0.7.0', 'failures   stops at the first', 'v0.6.2 to v0.7.0 (automatic migration, by binary)', '  * install/binary: Put the new binary in place', 'and back, if it fails after a change:']) expect(said).toContain(part);
    expect(said).not.toContain('Start it with');
    expect(await machine.json(...plan, '--nodes', 'node-1', '--dry-run')).toMatchObject([{ written: false, dryRun: true, digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string }]);
    expect(await machine.json('rollout', 'list')).toEqual([]);
  });

  it('rollout plan tells the next command; under its key it plans no second one', async () => {
    const key = ['--idempotency-key', 'night-1'];
    const said = await text(...plan, '--nodes', 'node-1', ...key);
    rollout = /^Rollout (r-\w+) is planned$/.exec(said[0]!)![1]!;
    expect(said.at(-1)).toBe(`Start it with: rollbook rollout start ${rollout} --watch`);
    const [again] = await machine.json<{ rollout: string; repeated: boolean; digest: string }>(...plan, '--nodes', 'node-1', ...key);
    expect(again).toMatchObject({ rollout, repeated: true });
    digest = again!.digest;
    expect((await text(...plan, '--nodes', 'node-1', ...key))[0]).toBe(`Rollout ${rollout} is planned since an earlier call, with the digest ${digest}.`);
    expect(await machine.json('rollout', 'list')).toMatchObject([{ rollout, state: 'planned', size: 1 }]);
  });

  it('refuses what the state does not allow, with a code and what to do next', async () => {
    const refused = async (...args: string[]) => {
      const { code, stdout, stderr } = await machine.cli('rollout', ...args);
      expect([code, stdout, stderr.split('\n').length]).toEqual([1, '', 2]);
      return stderr;
    };
    expect(await refused('start', rollout, '--digest', '0'.repeat(64))).toBe(`rollbook: plan-changed: the plan has the digest ${digest}. Read the plan again and start it with its digest.\n`);
    expect(await refused('pause', rollout, '--reason', 'x')).toBe(`rollbook: rollout-not-running: rollout ${rollout} is planned. Only a running rollout can be paused.\n`);
    expect(await refused('resume', rollout)).toContain('rollout-not-paused');
    expect(await refused('rollback', rollout, '--reason', 'x')).toContain('rollout-not-ended');
    expect(await refused('status', 'r-nothing')).toContain('rollout-unknown');
    const { code, stdout } = await machine.cli('rollout', 'resume', rollout, '--json');
    expect([code, JSON.parse(stdout)]).toEqual([1, expect.objectContaining({ exit: 1, code: 'rollout-not-paused', detail: `rollout ${rollout} is planned`, next: 'Only a paused rollout can be resumed.', status: 409 })]);
    const unknown = await machine.cli(...plan.slice(0, 4), '--to', 'v9.9.9', '--nodes', 'all');
    expect([unknown.code, unknown.stderr]).toEqual([1, 'rollbook: version-unknown: orchat has no release v9.9.9. See its releases with `rollbook product show orchat`.\n']);
  });

  it('rollout start --watch follows it to its end: 0 when every node was upgraded', async () => {
    const { code, stdout, stderr } = await machine.cli('rollout', 'start', rollout, '--digest', digest, '--watch');
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toContain('node-1: upgraded, verified, 22/22 measured');
    expect(lines.at(-1)).toBe(`rollout ${rollout} to v0.7.0: succeeded, 1: 1 upgraded`);
    expect(new Set(lines).size).toBe(lines.length);
  }, 60_000);

  it('rollout status and rollout list, as a table and as objects', async () => {
    const [head, table] = (await text('rollout', 'status', rollout)).join('\n').split('\n\n') as [string, string];
    expect(head).toContain('state    succeeded');
    expectAligned(table.split('\n'));
    const [status] = await machine.json<RolloutStatus>('rollout', 'status', rollout);
    expect(status).toMatchObject({ rollout, state: 'succeeded', nodes: [{ node: 'node-1', state: 'upgraded', result: 'verified' }] });
    expectAligned(await text('rollout', 'list'));
  });

  it('rollout watch --json gives an object for each change, and 3 for a rollout that did not succeed', async () => {
    const { rollout: bad } = await planRollout(machine, { nodes: 'node-3' });
    const started = await machine.cli('rollout', 'start', bad);
    expect([started.code, started.stdout]).toEqual([0, `Rollout ${bad} is started. Follow it with: rollbook rollout watch ${bad}\n`]);
    const { code, stdout } = await machine.cli('rollout', 'watch', bad, '--json');
    const objects = stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as RolloutStatus);
    expect([code, objects.at(-1)!.state, objects.flatMap(({ nodes }) => nodes).at(-1)]).toEqual([3, 'failed', expect.objectContaining({ node: 'node-3', state: 'rolled-back', result: 'claimed' })]);
    expect((await machine.cli('rollout', 'watch', bad)).code).toBe(3);
  }, 60_000);

  it('is left by Ctrl-C: the rollout goes on, and how to watch it again is told', async () => {
    const { rollout: other } = await planRollout(machine, { nodes: 'node-2' });
    const child = spawn(process.execPath, [cliProgram, 'rollout', 'start', other, '--watch'], { env: machine.environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    await until(() => stdout.includes('node-2: upgrading'), 20_000, () => stdout + stderr);
    child.kill('SIGINT');
    expect([await ended, stderr]).toEqual([130, `\nThe rollout goes on. Watch it again with: rollbook rollout watch ${other}\n`]);
    expect(await awaitRollout(machine, other, 60_000)).toMatchObject({ state: 'succeeded' });
  }, 90_000);
});

it('ends quietly when whoever reads has enough', async () => {
  const line = (command: string) => runProcess('sh', ['-c', `'${process.execPath}' '${cliProgram}' ${command} | head -1; exit 0`], machine.environment());
  expect(await line('node history node-1 --json')).toEqual({ code: 0, stdout: expect.stringMatching(/^\{.*\}\n$/) as string, stderr: '' });
  expect(await line('node history node-1 --all')).toMatchObject({ stdout: expect.stringMatching(/^[^\n]+\n$/) as string, stderr: '' });
});

(haveTerminal ? describe : describe.skip)(`on a terminal${haveTerminal ? '' : ' (skipped: there is no script of util-linux)'}`, () => {
  const show = (columns: number, args: string[], more: NodeJS.ProcessEnv = {}) => {
    // In CI Node shows no colours even on a terminal.
    const { NO_COLOR: _none, CI: _neither, ...env } = machine.environment();
    return onTerminal(args, { ...env, ...more }, columns);
  };
  const escape = '\u001b[';

  it('is coloured, unless it is asked not to be', async () => {
    expect((await show(100, ['node', 'list'])).raw).toContain(`${escape}32mhealthy`);
    expect((await show(100, ['node', 'list', '--no-color'])).raw).not.toContain(escape);
    expect((await show(100, ['node', 'list'], { NO_COLOR: '1' })).raw).not.toContain(escape);
    expect((await show(100, ['node', 'list', '--json'])).raw).not.toContain(escape);
    expect((await machine.cli('node', 'list')).stdout).not.toContain(escape);
  });

  it.each([60, 80])('fits into %i columns, and leaves nothing out', async (columns) => {
    const { rollout } = (await machine.json<{ rollout: string; state: string }>('rollout', 'list')).find(({ state }) => state === 'failed')!;
    for (const args of [['node', 'list'], ['node', 'show', 'node-3'], ['node', 'history', 'node-3'], ['rollout', 'list'], ['rollout', 'status', rollout]]) {
      const { lines } = await show(columns, args);
      // One word that is longer than the terminal is wide, as a digest, is not cut.
      expect(lines.filter((line) => line.length > columns && !/\S{60,}/.test(line))).toEqual([]);
      if (args[1] !== 'list') expect(lines.map((line) => line.trim()).join(' ')).toContain('raise the limit in ~/.orchat_quota.');
    }
  }, 60_000);

  it('watches with a line for each node, drawn over in place, and ends with the whole reason', async () => {
    const { rollout } = await planRollout(machine, { nodes: 'node-3' });
    const { code, raw, lines } = await show(70, ['rollout', 'start', rollout, '--watch']);
    expect(code).toBe(3);
    expect(raw.split(escape).some((part) => /^\d+A/.test(part))).toBe(true);
    expect(lines.some((line) => /^node-3 {2}upgrading {5}━*─* \d+\/22/.test(line))).toBe(true);
    expect(lines.some((line) => line.startsWith('node-3 rolled-back: unhealthy:'))).toBe(true);
    expect(lines.at(-1)).toMatch(new RegExp(`^rollout ${rollout} to v0\\.7\\.0: failed \\(failure-limit\\), 1: 1 rolled-back$`));
  }, 60_000);
});
