import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ServiceProcess, isAlive, jsonLogger } from '#platform';
import { root } from '../houserules/sources.js';
import { testFolders } from '../support/agent-folder.js';
import { killQuietly } from '../support/machine.js';
import { until } from '../support/until.js';

const folder = testFolders('service');
const platform = JSON.stringify(pathToFileURL(join(root, 'dist/libs/platform/src/index.js')).href);
const pids = new Set<number>();
const parents: ChildProcess[] = [];
afterEach(() => {
  for (const parent of parents.splice(0)) parent.kill('SIGKILL');
  for (const pid of pids) killQuietly(pid, 'SIGKILL');
  pids.clear();
});

const ready = `
import { endWith, jsonLogger, tellReady } from ${platform};
endWith(async () => {}, jsonLogger('info'));
tellReady({ port: 7 });
setInterval(() => {}, 1000);
`;
const limits = { readyMs: 15_000, firstPauseMs: 20, longestPauseMs: 40, deaths: 4, soonMs: 60_000 };

function service(source: string, over: Partial<typeof limits> = {}, at = folder()) {
  const program = join(at, 'program.mjs');
  writeFileSync(program, source);
  const logFile = join(at, 'log');
  const [started, givenUp, warned]: [number[], Error[], string[]] = [[], [], []];
  const process = new ServiceProcess({
    name: 'thing', program, logFile, env: { THING: 'yes' }, limits: { ...limits, ...over },
    logger: jsonLogger('warn', {}, (line) => void warned.push(line)),
    onStarted: (pid) => (started.push(pid), pids.add(pid)), onGivenUp: (error) => givenUp.push(error),
  });
  return { process, started, givenUp, warned, logFile, log: () => readFileSync(logFile, 'utf8') };
}

it('tells what the program told, with its environment, and ends it when asked to', async () => {
  const { process: one, started } = service(ready.replace('port: 7', 'port: 7, thing: process.env.THING'));
  expect(await one.start()).toEqual({ ready: true, port: 7, thing: 'yes' });
  expect(await one.start()).toEqual({ ready: true, port: 7, thing: 'yes' });
  expect(started).toHaveLength(1);
  await one.stop(10_000);
  expect(isAlive(started[0]!)).toBe(false);
  await one.stop(10_000);
});

it('starts it again when it was killed, as often as it lived long enough in between', async () => {
  const { process: one, started, givenUp } = service(ready, { soonMs: 0, deaths: 2 });
  await one.start();
  for (let n = 1; n <= 3; n++) {
    killQuietly(started.at(-1)!, 'SIGKILL');
    await until(() => started.length === n + 1, 10_000);
    expect(await one.start()).toMatchObject({ ready: true });
  }
  expect(givenUp).toEqual([]);
  await one.stop(10_000);
  expect(started.filter(isAlive)).toEqual([]);
});

it.each([
  ['ends at once', `process.stderr.write('first\\nno database\\n'); process.exit(3);`, 'thing ended with 3; its log is LOG: first | no database'],
  ['cannot be loaded', `import './nowhere.mjs';`, /^thing ended with 1; its log is LOG: .*Node\.js v/],
  ['kills itself', `process.kill(process.pid, 'SIGKILL');`, /^thing ended with SIGKILL; its log is LOG: $/],
])('gives up a program that %s, saying how and where to look', async (_, source, says) => {
  const { process: one, started, givenUp, logFile, warned } = service(source, { deaths: 3 });
  const first = await one.start().then(() => 'ready', (error: Error) => error.message);
  await until(() => givenUp.length > 0, 20_000);
  for (const said of [first, givenUp[0]!.message]) expect(said.replace(logFile, 'LOG')).toEqual(typeof says === 'string' ? expect.stringContaining(says) : expect.stringMatching(says));
  expect([started.length, givenUp.length, warned.length]).toEqual([3, 1, 2]);
});

it('ends a program that hangs before it is ready, and tries again', async () => {
  const { process: one, started, givenUp } = service('setInterval(() => {}, 1000);', { readyMs: 300, deaths: 2 });
  await expect(one.start()).rejects.toThrow('thing was not ready in 0.3 s and ended with SIGKILL');
  await until(() => givenUp.length === 1, 10_000);
  expect([started.length, started.filter(isAlive)]).toEqual([2, []]);
});

it('counts what cannot even be started as a death', async () => {
  const at = folder();
  mkdirSync(join(at, 'log'));
  const { process: one, givenUp, started } = service(ready, { deaths: 2 }, at);
  await expect(one.start()).rejects.toThrow('thing could not be started (EISDIR');
  await until(() => givenUp.length === 1, 5_000);
  expect([started, givenUp[0]!.message]).toEqual([[], expect.stringContaining('thing could not be started (EISDIR')]);
  await one.stop(1_000);
});

it('does not outlive a log that was taken away', async () => {
  const { process: one, started, logFile } = service(ready);
  await one.start();
  rmSync(logFile);
  killQuietly(started[0]!, 'SIGKILL');
  await until(() => started.length === 2, 10_000);
  expect(await one.start()).toMatchObject({ port: 7 });
  await one.stop(10_000);
});

it('makes a program end that does not listen, and one that is only just starting', async () => {
  const deaf = service(`process.on('SIGTERM', () => {}); ${ready.replace(/endWith\(.*\n/, '')}`);
  await deaf.process.start();
  await deaf.process.stop(200);
  const young = service(ready);
  const starting = young.process.start().then(() => 'ready', () => 'ended');
  await young.process.stop(10_000);
  expect(await starting).toBe('ended');
  const between = service('process.exit(1)', { firstPauseMs: 60_000, longestPauseMs: 60_000 });
  await between.process.start().catch(() => undefined);
  await between.process.stop(10_000);
  for (const one of [deaf, young, between]) expect([one.started.length, one.started.filter(isAlive), one.givenUp]).toEqual([1, [], []]);
});

describe('a program whose starter is killed', () => {
  /** Starts the program as a service in a process of its own; both numbers. */
  async function startAndKill(source: string, when: (log: string) => boolean): Promise<{ pid: number; log: () => string }> {
    const at = folder();
    writeFileSync(join(at, 'program.mjs'), source);
    const starter = `import { ServiceProcess, silentLogger } from ${platform};
      new ServiceProcess({ name: 'thing', program: process.argv[2], logFile: process.argv[3], env: {}, logger: silentLogger,
        onStarted: (pid) => process.stdout.write(String(pid)), onGivenUp: () => {} }).start().catch(() => {});`;
    writeFileSync(join(at, 'starter.mjs'), starter);
    const parent = spawn(process.execPath, [join(at, 'starter.mjs'), join(at, 'program.mjs'), join(at, 'log')], { stdio: ['ignore', 'pipe', 'inherit'] });
    parents.push(parent);
    let said = '';
    parent.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const log = () => readFileSync(join(at, 'log'), 'utf8');
    await until(() => said !== '' && when(log()), 20_000);
    pids.add(Number(said));
    parent.kill('SIGKILL');
    return { pid: Number(said), log };
  }

  it('ends', async () => {
    const { pid, log } = await startAndKill(`${ready}\nprocess.stderr.write('serving');`, (text) => text.includes('serving'));
    await until(() => !isAlive(pid), 5_000, log);
    expect(log()).toContain('the starting process is gone');
  });

  it('ends also when it was still loading then', async () => {
    const slow = `process.stderr.write('loading'); await new Promise((resolve) => setTimeout(resolve, 400)); ${ready.replace(/import (.*) from (.*);/, 'const $1 = await import($2);')}`;
    const { pid, log } = await startAndKill(slow, (text) => text.includes('loading'));
    await until(() => !isAlive(pid), 10_000, log);
    expect(log()).toContain('the starting process is gone');
  });
});
