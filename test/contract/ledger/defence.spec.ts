import { PostgresShelf, verifyLedger } from '#ledger';
import { TestLedger } from '../../support/ledgers.js';
import { event, item } from '../../support/items.js';

let book: TestLedger;
let shelf: PostgresShelf;

beforeAll(async () => {
  book = await TestLedger.open();
  shelf = await book.shelf();
  await shelf.append(Array.from({ length: 12 }, (_, i) => item(`s/${i % 3}`, { events: [event(), event()] })));
  await (await book.blobs()).put(Buffer.from('evidence'));
});
afterAll(() => book.close());

const refused = (sql: string, url: string) => expect(book.sql(sql, url)).rejects.toThrow(/permission denied|append-only|must be owner/);

describe('the role of the service', () => {
  it.each([
    `update ledger.event set type = 'x.y'`,
    'delete from ledger.event',
    'truncate ledger.event',
    `insert into ledger.event select * from ledger.event`,
    'update ledger.head set position = 0',
    'delete from ledger.head',
    `insert into ledger.blob (sha256, bytes) values (sha256('x'), 'x')`,
    'delete from ledger.blob',
    'alter table ledger.event disable trigger all',
    'drop table ledger.event',
    `create or replace function ledger.refuse_change() returns trigger language plpgsql as 'begin return old; end'`,
    'create table ledger.other (x int)',
    'set role rollbook_owner',
  ])('may not: %s', (sql) => refused(sql, book.database.app));

  it('may append through the function and read', async () => {
    expect(await shelf.append([item('s/9')])).toMatchObject([{ outcome: 'appended' }]);
    expect((await shelf.read(0, 5)).length).toBe(5);
  });

  it('may not store a blob under a digest that is not its own', () =>
    expect(book.sql(`select ledger.put_blob(sha256('a'), 'b')`, book.database.app)).rejects.toThrow(/do not have the digest/));
});

describe('the triggers', () => {
  it.each([
    `update ledger.event set type = 'x.y'`,
    'delete from ledger.event',
    'truncate ledger.event',
    'delete from ledger.head',
    'truncate ledger.head',
    `update ledger.blob set bytes = 'x'`,
    'truncate ledger.blob',
    `set session_replication_role = replica; update ledger.event set type = 'x.y'`,
    'set session_replication_role = replica; truncate ledger.event',
    'set role rollbook_owner; delete from ledger.event',
  ])('refuse even a superuser: %s', (sql) => refused(sql, book.database.admin));
});

describe('verification', () => {
  // A superuser can take the triggers away; what was done then must show.
  const tampered = async (sql: string) => {
    const copy = await TestLedger.open();
    try {
      const ledger = await copy.shelf();
      await ledger.append(Array.from({ length: 12 }, (_, i) => item(`s/${i % 3}`, { events: [event(), event()] })));
      const before = await verifyLedger(ledger);
      await copy.sql(`alter table ledger.event disable trigger all; alter table ledger.head disable trigger all; ${sql}`);
      return { before, after: await verifyLedger(ledger, { expected: { size: before.size, root: before.root } }) };
    } finally {
      await copy.close();
    }
  };

  it.each([
    ['a changed byte', `update ledger.event set envelope = set_byte(envelope, 200, 88) where position = 7`, 7, /leaf hash/],
    ['a changed leaf hash', `update ledger.event set leaf_hash = sha256('x') where position = 7`, 7, /leaf hash/],
    ['a removed row', 'delete from ledger.event where position = 7', 7, /position 7 is missing/],
    ['a removed tail', 'delete from ledger.event where position > 20', 21, /head says 24/],
    ['a removed tail with the head put back', 'delete from ledger.event where position > 20; update ledger.head set position = 20', 21, /kept root covers 24/],
    ['a changed stream', `update ledger.event set stream = 'x/1' where position = 7`, 7, /row says stream x\/1/],
    ['a changed version', 'update ledger.event set version = 99 where position = 7', 7, /row says version 99/],
    ['a changed type', `update ledger.event set type = 'x.y' where position = 7`, 7, /row says type/],
    ['a changed command', `update ledger.event set command_id = gen_random_uuid() where position = 7`, 7, /row says command/],
    ['two rows in each other\'s place', 'update ledger.event set position = case position when 7 then 1000000 else 7 end where position in (7, 9); update ledger.event set position = 9 where position = 1000000', 7, /position|version/],
    ['rubbish under its own hash', `update ledger.event set envelope = 'rubbish', leaf_hash = sha256('\\x00'::bytea || 'rubbish') where position = 7`, 7, /canonical/],
    ['a rewritten row under its own hash, found by the kept root',
      `update ledger.event set envelope = convert_to(replace(convert_from(envelope, 'UTF8'), '"value":1', '"value":2'), 'UTF8') where position = 7;
       update ledger.event set leaf_hash = sha256('\\x00'::bytea || envelope)`, 24, /a kept root says/],
  ] as [string, string, number, RegExp][])('names %s', async (_, sql, position, reason) => {
    const { before, after } = await tampered(sql);
    expect(before).toMatchObject({ ok: true, size: 24 });
    expect(after).toMatchObject({ ok: false, position });
    expect(after.reason).toMatch(reason);
  });
});
