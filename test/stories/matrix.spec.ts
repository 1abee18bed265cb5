import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { systemClock } from '#platform';
import { cliProgram, runProcess } from '../support/machine.js';
import type { Finished } from '../support/machine.js';
import { TestService } from '../support/service.js';
import { Simulation } from '../support/simulation.js';
import { until } from '../support/until.js';

// Each command is a process of its own.
jest.setTimeout(120_000);

let service: TestService;
const folder = mkdtempSync(join(tmpdir(), 'rollbook-matrix-'));

beforeAll(async () => {
  service = await TestService.open({ limits: { readWaitMs: 20_000 } });
  const fleet = new Simulation({ bus: service.bus, book: service.book, reader: service.reader, clock: systemClock });
  await fleet.importCatalogue();
  await fleet.announce('n-1', 'v0.6.2');
  await service.project();
});
afterAll(async () => {
  await service.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The command line against the service, whose read models follow meanwhile. */
async function rollbook(...args: string[]): Promise<Finished> {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(ROLLBOOK_|DATABASE_URL|NODE_OPTIONS)/.test(name)));
  let ended = false;
  const running = runProcess(process.execPath, [cliProgram, ...args], { ...inherited, ROLLBOOK_URL: service.url, ROLLBOOK_HOME: folder, NO_COLOR: '1' }).finally(() => (ended = true));
  await until(async () => (await service.project(), ended), 60_000);
  return running;
}

const objects = ({ stdout }: Finished) => stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as { [field: string]: unknown });
const write = (name: string, text: string | Buffer) => (writeFileSync(join(folder, name), text), join(folder, name));
const product = (id: string, ...cycles: string[]) => `---\ntitle: ${id}\npermalink: /${id}\nreleases:\n${cycles.map((one) => `  - {${one}}\n`).join('')}---\n`;

it('imports files one by one: one line for each, those that are good are kept, and they can be read at once', async () => {
  const good = write('pump.md', product('pump', 'releaseCycle: 1.10, releaseDate: 2024-01-01, eol: 2024-12-31', 'releaseCycle: "1.9", releaseDate: 2023-01-01, eol: true'));
  const bad = write('valve.md', product('valve', 'releaseCycle: 1, releaseDate: 2024-01-01, eol: soon'));
  const binary = write('binary.md', Buffer.from([0xff, 0xfe, 0x00]));
  const missing = join(folder, 'missing.md');
  const last = write('tank.md', product('tank', 'releaseCycle: a b, releaseDate: 2024-01-01, eol: false'));
  const told = await rollbook('product', 'import', good, bad, binary, missing, last);
  expect(told.code).toBe(1);
  expect(told.stdout.trimEnd().split('\n')).toEqual([
    `${good}: pump, 2 releases`, `${bad}:5 releases[0].eol must be a day like 2026-01-16, true or false`, `${binary}:1 is not UTF-8`,
    expect.stringMatching(`^${missing}:1 cannot be read: ENOENT`), `${last}: tank, 1 releases`, '2 of 5 files imported, 3 refused',
  ]);
  const [shown] = objects(await rollbook('product', 'show', 'pump', '--as-of', '2024-06-01', '--json'));
  expect(shown).toMatchObject({ product: 'pump', asOf: '2024-06-01', releases: [{ version: '1.10', support: 'current' }, { version: '1.9', support: 'end-of-life' }] });
});

it('says the same to programs, an object a line', async () => {
  const bad = join(folder, 'valve.md');
  const told = await rollbook('product', 'import', join(folder, 'pump.md'), bad, '--json');
  const mistake = { line: 5, field: 'releases[0].eol', says: 'must be a day like 2026-01-16, true or false' };
  expect(objects(told)).toEqual([
    { file: join(folder, 'pump.md'), product: 'pump', releases: 2, written: false },
    { file: bad, error: mistake, line: 5, field: 'releases[0].eol', errors: [mistake] },
  ]);
  expect([told.code, (await rollbook('product', 'import', join(folder, 'pump.md'))).code]).toEqual([1, 0]);
});

it('shows the matrix of the guide as of its day, and what is scheduled next', async () => {
  const { stdout } = await rollbook('product', 'show', 'orchat', '--as-of', '2026-01-16');
  const rows = stdout.split('\n').filter((line) => /^v0/.test(line) && !line.includes('->')).slice(0, 7).map((line) => line.split(/ {2,}/).slice(0, 2));
  expect(rows).toEqual([
    ['v0.8.0', 'scheduled'], ['v0.7.0', 'current'], ['v0.6.2', 'supported'], ['v0.6.0', 'supported'], ['v0.5.0', 'deprecated'], ['v0.4.0', 'end-of-life'], ['v0.3.0', 'end-of-life'],
  ]);
  expect(stdout).toContain('ORCHAT, as of 2026-01-16');
  expect(stdout).toContain('Next scheduled release: v0.8.0 (2026-02-15)');
  expect((await rollbook('product', 'show', 'orchat', '--as-of', '2026-02-30')).code).toBe(2);
});

it('exports it as CSV and JSON', async () => {
  const csv = await rollbook('product', 'export', 'orchat', '--format', 'csv', '--as-of', '2026-01-16');
  expect(csv.stdout.split('\r\n')[2]).toBe('orchat,2026-01-16,v0.7.0,current,2026-01-16,,,,,,,Engineering Freeze,');
  const [json] = objects(await rollbook('product', 'export', 'orchat', '--as-of', '2026-01-16'));
  expect(json).toMatchObject({ product: 'orchat', asOf: '2026-01-16', next: { version: 'v0.8.0', on: '2026-02-15' } });
  expect((json!['releases'] as object[]).length).toBe(7);
});

it('marks a release; plans to it are refused until an exception is granted, and then they say so', async () => {
  const plan = () => rollbook('rollout', 'plan', '--product', 'orchat', '--to', 'v0.7.0', '--nodes', 'n-1', '--dry-run');
  expect((await rollbook('product', 'mark', 'orchat', 'v0.7.0', '--as', 'bad', '--reason', 'it loses history', '--until', '2999-01-01')).stdout).toBe('orchat v0.7.0 is marked as bad.\n');
  expect((await rollbook('product', 'show', 'orchat')).stdout).toMatch(/v0\.7\.0 +bad +\S+ \S+ +2999-01-01 00:00:00Z +it loses history/);
  const refused = await plan();
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('target-vetoed: orchat v0.7.0 is marked as bad: it loses history. Choose another release, or have an exception granted')]);
  const [granted] = objects(await rollbook('policy', 'except', 'targets.vetoed', '--node', 'n-1', '--reason', 'its history is empty', '--until', '2999-01-01', '--json'));
  const passed = await plan();
  expect(passed.stdout).toMatch(/warning +orchat v0\.7\.0 is marked as bad: it loses history/);
  expect(passed.stdout).toContain(`${granted!['exception'] as string} (exceptions from the policy)`);
  expect((await rollbook('policy', 'show')).stdout).toMatch(/targets\.vetoed +node n-1 +2999-01-01 00:00:00Z +its history is empty/);
});

it('withdraws an exception and takes a mark off', async () => {
  const [{ id }] = (objects(await rollbook('policy', 'show', '--json'))[0]!['exceptions']) as [{ id: string }];
  expect((await rollbook('policy', 'withdraw', id, '--reason', 'not needed')).stdout).toBe(`Exception ${id} is withdrawn.\n`);
  const plan = async () => (await service.post('/v1/rollouts', { product: 'orchat', to: 'v0.7.0', nodes: 'n-1', dryRun: true })).status;
  expect(await plan()).toBe(409);
  expect((await rollbook('product', 'unmark', 'orchat', 'v0.7.0', '--as', 'bad', '--reason', 'mended')).code).toBe(0);
  expect(await plan()).toBe(200);
});
