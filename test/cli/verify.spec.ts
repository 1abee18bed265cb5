import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { event, item } from '../support/items.js';
import { TestLedger } from '../support/ledgers.js';
import { cliProgram, runProcess } from '../support/machine.js';

const home = mkdtempSync(join(tmpdir(), 'rollbook-verify-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

let book: TestLedger;
beforeEach(async () => {
  book = await TestLedger.open();
  await (await book.shelf()).append(Array.from({ length: 12 }, (_, i) => item(`s/${i % 3}`, { events: [event(), event()] })));
});
afterEach(() => book.close());

const verify = (...args: string[]) => runProcess(process.execPath, [cliProgram, 'ledger', 'verify', ...args], {
  PATH: process.env['PATH'], HOME: home, ROLLBOOK_HOME: home, DATABASE_URL: book.database.worker,
});
const verifyJson = async (...args: string[]) => {
  const { code, stdout, stderr } = await verify('--json', ...args);
  expect(stderr).toBe('');
  return { code, ...(JSON.parse(stdout) as { ok: boolean; size: number; root: string; position?: number; reason?: string }) };
};

/** As someone who owns the server, and has taken the triggers away first. */
const tamper = (sql: string) => book.sql(`alter table ledger.event disable trigger all; alter table ledger.head disable trigger all; ${sql}`);

it('verifies what was never touched: ok, size and root, and nothing else', async () => {
  expect(await verifyJson()).toEqual({ code: 0, ok: true, size: 24, root: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
  const again = await verify();
  expect([again.code, again.stdout]).toEqual([0, expect.stringMatching(/^The ledger verifies\. 24 events, root [0-9a-f]{64}\.\nThe root over 24 events that was kept on \S+ still holds\.\n$/)]);
});

it.each([
  ['an UPDATE of one row', `update ledger.event set envelope = set_byte(envelope, 200, 88) where position = 7`, 7, 'leaf hash'],
  ['the deletion of one row', 'delete from ledger.event where position = 9', 9, 'position 9 is missing'],
  ['the deletion of the last row', 'delete from ledger.event where position = 24', 24, 'the head says 24 events, 23 are stored'],
  ['a pair of rows in each other\'s place', 'update ledger.event set position = case position when 7 then 1000000 else 7 end where position in (7, 9); update ledger.event set position = 9 where position = 1000000', 7, 'the row says'],
])('names the position after %s, and exits with 5', async (_, sql, position, reason) => {
  await tamper(sql);
  expect(await verifyJson()).toEqual({ code: 5, ok: false, size: position - 1, root: expect.stringMatching(/^[0-9a-f]{64}$/) as string, position, reason: expect.stringContaining(reason) as string });
  const { code, stdout } = await verify();
  expect(code).toBe(5);
  expect(stdout).toMatch(new RegExp(`^The ledger does NOT verify\\. Position ${position}: .*\\.\\n$`));
});

describe('a history that was rewritten with all its hashes', () => {
  const rewrite = `
    update ledger.event set envelope = convert_to(replace(convert_from(envelope, 'UTF8'), '"value":1', '"value":2'), 'UTF8') where position = 7;
    update ledger.event set leaf_hash = sha256('\\x00'::bytea || envelope)`;

  it('is found by the root that an earlier verification kept outside the database', async () => {
    await verifyJson();
    await tamper(rewrite);
    expect(await verifyJson()).toMatchObject({ code: 5, ok: false, position: 24, reason: expect.stringContaining('a kept root says') as string });
    // A verification that failed keeps nothing: the next one finds it again.
    expect(await verifyJson()).toMatchObject({ code: 5, position: 24 });
    expect(await verifyJson('--forget-kept-root')).toMatchObject({ code: 0, ok: true });
  });

  it('is found also when the tail is gone and the head says so', async () => {
    await verifyJson();
    await tamper('delete from ledger.event where position > 20; update ledger.head set position = 20');
    expect(await verifyJson()).toMatchObject({ code: 5, ok: false, size: 20, position: 21, reason: 'a kept root covers 24 events, 20 are stored' });
  });
});
