import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LockHeld, isAlive, processBegan, takeLock } from '#platform';
import { root } from '../houserules/sources.js';
import { testFolders } from '../support/agent-folder.js';
import { until } from '../support/until.js';

const folder = testFolders('lock');
const children: ChildProcess[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

const platform = pathToFileURL(join(root, 'dist/libs/platform/src/index.js')).href;
const holderProgram = `import(${JSON.stringify(platform)}).then(({ takeLock }) => {
  try { takeLock(process.argv[1]); process.stdout.write('held'); setInterval(() => {}, 1000); }
  catch (error) { process.stdout.write(error.name); }
});`;

/** A process that takes the lock; what it says of it. */
function holder(file: string): { child: ChildProcess; said: () => string } {
  const child = spawn(process.execPath, ['-e', holderProgram, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return { child, said: () => said };
}

it('is held by one, and given back', () => {
  const at = folder();
  const file = join(at, 'lock');
  const release = takeLock(file);
  expect(() => takeLock(file)).toThrow(LockHeld);
  expect(() => takeLock(file)).toThrow(`${file} is held by process ${process.pid}`);
  release();
  takeLock(file)();
  expect(readdirSync(at)).toEqual([]);
});

it('goes with a holder that is killed', async () => {
  const file = join(folder(), 'lock');
  const { child, said } = holder(file);
  await until(() => said() === 'held', 10_000, said);
  expect(() => takeLock(file)).toThrow(`is held by process ${child.pid}`);
  child.kill('SIGKILL');
  await until(() => !isAlive(child.pid!), 5_000);
  takeLock(file)();
});

it.each([
  ['a number that another process has by now', `${process.pid} 1`],
  ['a number that nobody has', '4194304 17'],
  ['nothing at all', ''],
  ['no number', 'x y'],
  ['a group of processes', '-1 '],
  ['every process', '0 '],
])('does not stand in the way when it names %s', (_, text) => {
  const at = folder();
  const file = join(at, 'lock');
  writeFileSync(file, text);
  const release = takeLock(file);
  expect(readFileSync(file, 'utf8')).toBe(`${process.pid} ${processBegan(process.pid)}`);
  expect(readdirSync(at)).toEqual(['lock']);
  release();
});

it('has one winner among many that find it left behind', async () => {
  const file = join(folder(), 'lock');
  writeFileSync(file, '4194304 17');
  const all = Array.from({ length: 6 }, () => holder(file));
  await until(() => all.every((one) => one.said() !== ''), 20_000, () => all.map((one) => one.said()).join());
  expect(all.map((one) => one.said()).sort()).toEqual(['LockHeld', 'LockHeld', 'LockHeld', 'LockHeld', 'LockHeld', 'held']);
}, 40_000);

it('is refused with the reason where it cannot be', () => {
  expect(() => takeLock(join(folder(), 'no/such/folder/lock'))).toThrow('ENOENT');
});

describe('a process', () => {
  it('that has ended is not alive, also before its parent has noticed', async () => {
    // Node notices only when its loop turns; until then the ended one is kept by the system.
    const script = `const { spawn } = require('node:child_process'); const child = spawn('true'); process.stdout.write(child.pid + '\\n'); for (const end = Date.now() + 20000; Date.now() < end; );`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(parent);
    let said = '';
    parent.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until(() => said.endsWith('\n'), 10_000);
    const pid = Number(said);
    await until(() => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '), 5_000);
    expect([isAlive(pid), processBegan(pid)]).toEqual([false, undefined]);
    process.kill(pid, 0);
  });

  it('is told from another of the same number by when it began', () => {
    expect(processBegan(process.pid)).toMatch(/^\d+$/);
    expect(isAlive(process.pid)).toBe(true);
    expect([isAlive(4_194_304), processBegan(4_194_304)]).toEqual([false, undefined]);
  });
});
