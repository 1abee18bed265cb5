import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from '#platform';
import { projections } from '#projections';
import { names } from '../../apps/cli/src/commands/projections.js';
import { root } from '../houserules/sources.js';
import { TestCertificates, haveOpenssl } from '../support/certificates.js';
import { createEmptyDatabase } from '../support/database.js';
import { cliProgram, runProcess } from '../support/machine.js';
import { TestService } from '../support/service.js';

const home = mkdtempSync(join(tmpdir(), 'rollbook-trouble-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const cli = (args: readonly string[], env: { [name: string]: string } = {}) => runProcess(process.execPath, [cliProgram, ...args], { PATH: process.env['PATH'], HOME: home, ROLLBOOK_HOME: home, ...env });
const words = (line: string) => (line === '' ? [] : line.split(' '));
const rollout = (action: string) => `rollout ${action} r-1`;

const page = readFileSync(join(root, 'docs/command-line.md'), 'utf8');
const commands = [
  'node list', 'node show', 'node history', 'node review', 'node do', 'upgrade', 'product list', 'product show', 'product export', 'product import', 'product mark', 'product unmark',
  'policy show', 'policy except', 'policy withdraw', 'rollout plan', 'rollout start', 'rollout watch', 'rollout pause', 'rollout resume', 'rollout abort', 'rollout rollback',
  'rollout approve-gate', 'rollout reject-gate', 'rollout amend', 'rollout status', 'rollout list', 'ledger verify', 'projections rebuild', 'schema apply', 'up',
];

it('names every exit code in the help of every command, within 80 columns; the page of the command line has each, and each option', async () => {
  const groups = ['', 'node', 'product', 'policy', 'rollout', 'ledger', 'projections', 'schema'];
  for (const command of [...groups, ...commands]) {
    const { code, stdout, stderr } = await cli([...words(command), '--help']);
    expect([command, code, stderr]).toEqual([command, 0, '']);
    expect(stdout).toContain(`Usage: rollbook ${command}`.trimEnd());
    expect([...(stdout.split('Exit codes:')[1] ?? '').matchAll(/^ {2}(\d) {2}\S/gm)].map(([, number]) => number)).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    if (!groups.includes(command)) expect([command, new RegExp(`^### rollbook ${command}\\b`, 'm').test(page)]).toEqual([command, true]);
    const options = [...stdout.matchAll(/^ {2}(?:-h, )?(--[a-z-]+)/gm)].map(([, option]) => option!);
    expect(options.filter((option) => !page.includes(option))).toEqual([]);
  }
}, 60_000);

it('names the read models that there are', () => {
  expect(names).toEqual(projections.map(({ name }) => name));
});

it.each([
  ['nodes', `unknown command 'nodes'. Did you mean node? See \`rollbook --help\`.`],
  ['node lst', `unknown command 'lst'. Did you mean list? See \`rollbook node --help\`.`],
  ['node show', `missing required argument 'id'. See \`rollbook node show --help\`.`],
  ['node list all', `too many arguments for 'list'. Expected 0 arguments but got 1. See \`rollbook node list --help\`.`],
  ['node list --node all', `unknown option '--node'. Did you mean --nodes? See \`rollbook node list --help\`.`],
  ['rollout plan --product orchat', `required option '--to <version>' not specified. See \`rollbook rollout plan --help\`.`],
  ['rollout plan --product orchat --to v0.7.0 --nodes all --max-unavailable many', '--max-unavailable: many is not a whole number. See --help of this command.'],
  ['rollout pause r-1', `required option '--reason <text>' not specified. See \`rollbook rollout pause --help\`.`],
  ['projections rebuild', `name a projection (${names.join(', ')}), or say --all`],
  ['projections rebuild fleets', `there is no projection fleets; there are ${names.join(', ')}`],
  ['schema apply --login x', '--login needs --password-file, and --as api or --as worker'],
  ['--url nonsense node list', '--url must be an address starting with http:// or https://, not nonsense.'],
  ['--url http://10.0.0.1 node list', 'http://10.0.0.1 is plain HTTP beyond this machine: use https://, or allow it with ROLLBOOK_ALLOW_HTTP=yes'],
])('does not understand rollbook %s, and says why in one line: exit code 2', async (line, says) => {
  expect(await cli(words(line))).toEqual({ code: 2, stdout: '', stderr: `rollbook: ${says}\n` });
});

it('shows its version, and its help when it is asked for nothing', async () => {
  expect(await cli(['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string });
  expect(await cli([])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Usage: rollbook') as string });
});

it('tells programs of misuse as an object too', async () => {
  const { code, stdout } = await cli(['node', 'show', '--json']);
  expect([code, JSON.parse(stdout)]).toEqual([2, { error: `missing required argument 'id'. See \`rollbook node show --help\`.`, exit: 2 }]);
});

it('names a setting that there is not', async () => {
  expect(await cli(['node', 'list'], { ROLLBOOK_PROT: '1' })).toEqual({ code: 2, stdout: '', stderr: 'rollbook: The environment cannot be used: ROLLBOOK_PROT is not a setting. All variables are in docs/configuration.md.\n' });
});

describe('when the service is down', () => {
  it('every command that asks it says how to start it: exit code 4', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    for (const line of [
      'node list', 'node show n-1', 'node history n-1', 'product list', 'product show orchat', 'rollout list', 'rollout plan --product orchat --to v0.7.0 --nodes all',
      rollout('start'), rollout('watch'), rollout('status'), rollout('resume'), `${rollout('pause')} --reason x`, `${rollout('abort')} --reason x`, `${rollout('rollback')} --reason x`,
    ]) {
      const { code, stdout, stderr } = await cli(words(line), { ROLLBOOK_URL: url });
      expect([line, code, stdout]).toEqual([line, 4, '']);
      expect(stderr).toMatch(new RegExp(`^rollbook: Rollbook does not answer at ${url} \\(connect ECONNREFUSED .*\\)\\. Start it with \`npm start\`, or set ROLLBOOK_URL\\.\n$`));
    }
  }, 60_000);

  it('is told to programs as an object', async () => {
    const { code, stdout } = await cli(['node', 'list', '--json', '--url', `http://127.0.0.1:${await freePort()}`]);
    expect([code, JSON.parse(stdout)]).toEqual([4, { error: expect.stringContaining('does not answer') as string, exit: 4 }]);
  });
});

describe('when there is no database', () => {
  it.each(['ledger verify', 'projections rebuild --all', 'schema apply'])('rollbook %s says so: exit code 4', async (line) => {
    expect(await cli(words(line))).toEqual({ code: 4, stdout: '', stderr: `rollbook: there is no database under ${home}: set DATABASE_URL, or run \`npm start\` once\n` });
    const away = await cli(words(line), { DATABASE_URL: `postgres://someone:secret@127.0.0.1:${await freePort()}/x` });
    expect([away.code, away.stdout, away.stderr]).toEqual([4, '', expect.stringMatching(/^rollbook: PostgreSQL does not .* See DATABASE_URL\.\n$/)]);
    expect(away.stderr).not.toContain('secret');
  });
});

it('does not start where another program has the port: exit code 1', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  const { code, stderr } = await cli(['up', '--no-story'], { ROLLBOOK_PORT: String(port) });
  other.close();
  expect([code, stderr]).toEqual([1, `rollbook: port-taken: port ${port} is in use. End what uses it, or set ROLLBOOK_PORT.\n`]);
});

describe('with a database of its own', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.open();
    await service.register(['n-1', 'n-2']);
    const client = new pg.Client({ connectionString: service.database.admin });
    await client.connect();
    // What no event accounts for.
    await client.query(`update roll.fleet set version = 'v9.9.9' where node = 'n-2'`);
    await client.end();
  });
  afterAll(() => service.close());

  it('compares read models with the ledger, and exits with 5 when they differ; a rebuild mends them', async () => {
    const env = { DATABASE_URL: service.database.worker };
    const compared = await cli(['projections', 'rebuild', 'fleet', '--check', '--json'], env);
    expect([compared.code, JSON.parse(compared.stdout)]).toEqual([5, expect.objectContaining({ projection: 'fleet', differing: 1, swapped: false })]);
    const rebuilt = await cli(['projections', 'rebuild', 'fleet'], env);
    expect([rebuilt.code, rebuilt.stdout]).toEqual([0, expect.stringMatching(/^PROJECTION +EVENTS +ROWS +DIFFERING .*\nfleet +2 +2 +1 .* rebuilt\n$/)]);
    expect((await cli(['projections', 'rebuild', '--all', '--check'], env)).code).toBe(0);
  });

  it('brings an empty database to its schema, once; refuses who may not', async () => {
    const empty = await createEmptyDatabase();
    try {
      const first = await cli(['schema', 'apply', '--json'], { DATABASE_URL: empty.admin });
      const { applied, known } = JSON.parse(first.stdout) as { applied: string[]; known: number };
      expect([first.code, applied.length]).toEqual([0, known]);
      expect(await cli(['schema', 'apply'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/x', ROLLBOOK_SCHEMA_DATABASE_URL: empty.admin })).toEqual({ code: 0, stdout: `Nothing to do: all ${known} schema changes are there.\n`, stderr: '' });
      const small = await cli(['schema', 'apply'], { DATABASE_URL: empty.app });
      expect([small.code, small.stderr]).toEqual([1, expect.stringMatching(/^rollbook: role-too-small: .*ROLLBOOK_SCHEMA_DATABASE_URL.*\n$/)]);
    } finally {
      await empty.drop();
    }
  });
});

(haveOpenssl ? describe : describe.skip)(`against a service with tokens and TLS${haveOpenssl ? '' : ' (skipped: there is no openssl)'}`, () => {
  let certificates: TestCertificates;
  let service: TestService;
  const tokenFile = (token: string) => (writeFileSync(join(home, token), `${token}\n`), join(home, token));
  const env = (token: string) => ({ ROLLBOOK_URL: service.url, ROLLBOOK_CA_FILE: certificates.caFile, ROLLBOOK_TOKEN_FILE: tokenFile(token) });
  beforeAll(async () => {
    certificates = new TestCertificates();
    const tokens = ['operator', 'reader'].map((role) => ({ sha256: createHash('sha256').update(`a-${role}`).digest('hex'), ref: role, role }));
    service = await TestService.open({ tls: certificates.tls, tokens });
    await service.project();
  });
  afterAll(async () => {
    await service.close();
    certificates.remove();
  });

  it('is let in by its token, as far as the token goes', async () => {
    expect(await cli(['node', 'list'], env('a-reader'))).toEqual({ code: 0, stdout: 'No node is known. Agents announce their nodes when they start.\n', stderr: '' });
    const refused = await cli(['rollout', 'resume', 'r-1'], env('a-reader'));
    expect([refused.code, refused.stderr]).toEqual([1, 'rollbook: role-too-small: this token may only read. Use a token of an operator.\n']);
    expect((await cli(['rollout', 'resume', 'r-1'], env('a-operator'))).stderr).toContain('rollout-unknown');
    expect((await cli(['node', 'list'], env('guess'))).stderr).toBe('rollbook: token-unknown: the token is not known here. Use a token that this service was given.\n');
  });

  it('trusts no service whose authority it does not know', async () => {
    const { code, stderr } = await cli(['node', 'list'], { ROLLBOOK_URL: service.url });
    expect([code, stderr]).toEqual([4, expect.stringMatching(/^rollbook: Rollbook does not answer at https:.*certificate.*\n$/)]);
  });
});
