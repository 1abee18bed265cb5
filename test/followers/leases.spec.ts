import { LeaseLost, giveLease, inTransaction, moveOn, readStanding, takeLease } from '#projections';
import { until } from '../support/until.js';
import { Workshop } from '../support/workshop.js';

let workshop: Workshop;
let count = 0;
/** A follower of its own for each test. */
let name: string;

beforeAll(async () => void (workshop = await Workshop.open()));
afterAll(() => workshop.close());
beforeEach(() => (name = `follower-${++count}`));

const take = (holder: string, seconds = 60) => takeLease(workshop.pool, name, holder, seconds);
const move = (lease: { name: string; epoch: number }, from: number, to: number) => inTransaction(workshop.pool, (client) => moveOn(client, { name, from, to, lease }));

const isOver = async () => (await workshop.rows('select from roll.lease where name = $1 and expires_at < clock_timestamp()', name)).length > 0;

describe('a lease', () => {
  it('has one holder, who renews it under the same epoch', async () => {
    expect(await take('one')).toEqual({ name, epoch: 1 });
    expect(await take('one')).toEqual({ name, epoch: 1 });
    expect(await take('two')).toBeUndefined();
  });

  it('passes on when its time is over, under a higher epoch, and does not come back by itself', async () => {
    await take('one', 0.05);
    await until(async () => (await take('two')) !== undefined, 5_000);
    expect(await take('two')).toEqual({ name, epoch: 2 });
    expect(await take('one')).toBeUndefined();
  });

  it('has a new epoch also for the same holder, once its time was over: another may have acted meanwhile', async () => {
    await take('one', 0.05);
    await until(isOver, 5_000);
    expect(await take('one')).toEqual({ name, epoch: 2 });
  });

  it('passes on at once when it is given back, and only its holder can give it back', async () => {
    const lease = (await take('one'))!;
    await giveLease(workshop.pool, lease, 'two');
    await giveLease(workshop.pool, { ...lease, epoch: 0 }, 'one');
    expect(await take('two')).toBeUndefined();
    await giveLease(workshop.pool, lease, 'one');
    await until(async () => (await take('two')) !== undefined, 5_000);
  });

  it('asked for by many at once goes to one', async () => {
    const got = await Promise.all(Array.from({ length: 20 }, (_, i) => take(`worker-${i}`)));
    expect(got.filter((one) => one !== undefined)).toEqual([{ name, epoch: 1 }]);
  });
});

describe('a holder whose lease has passed on', () => {
  it('cannot move its follower any more', async () => {
    const old = (await take('one'))!;
    await move(old, 0, 5);
    const held = await workshop.lease(name, 'two');
    await expect(move(old, 5, 9)).rejects.toThrow(LeaseLost);
    expect((await readStanding(workshop.pool, name)).position).toBe(5);
    await move(held, 5, 7);
    await expect(move(old, 7, 9)).rejects.toThrow(LeaseLost);
    expect((await readStanding(workshop.pool, name)).position).toBe(7);
  });

  it('keeps what it does in a transaction only by keeping the lease till its end', async () => {
    const old = (await take('one', 0.05))!;
    let taken: unknown = 'not yet';
    let taking: Promise<unknown> = Promise.resolve();
    await inTransaction(workshop.pool, async (client) => {
      await moveOn(client, { name, from: 0, to: 3, lease: old });
      // Its time is over, and another asks; that one has to wait until this is kept or not.
      taking = (async () => {
        await until(isOver, 5_000);
        taken = await take('two');
      })();
      await until(async () => (await workshop.rows(`select from pg_stat_activity where wait_event_type = 'Lock' and query like 'insert into roll.lease%'`)).length > 0, 10_000);
      expect(taken).toBe('not yet');
    });
    await taking;
    expect(taken).toEqual({ name, epoch: 2 });
    expect((await readStanding(workshop.pool, name)).position).toBe(3);
  });
});

describe('a holder that is stopped in the midst of a transaction', () => {
  it('loses what it had not kept, and its connection; the next one need not wait for it', async () => {
    const old = (await take('one', 0.05))!;
    let wake: () => void = () => undefined;
    const stopped = inTransaction(workshop.pool, async (client) => {
      await moveOn(client, { name, from: 0, to: 3, lease: old });
      await new Promise<void>((resolve) => (wake = resolve));
      await client.query('select 1');
    }, 200);
    stopped.catch(() => undefined);
    await until(isOver, 5_000);
    let taken: Awaited<ReturnType<typeof take>>;
    await until(async () => (taken = await take('two')) !== undefined, 10_000);
    expect(taken!).toEqual({ name, epoch: 2 });
    await move(taken!, 0, 2);
    wake();
    await expect(stopped).rejects.toThrow(/terminat|not queryable/i);
    expect((await readStanding(workshop.pool, name)).position).toBe(2);
  });
});

describe('the position of a follower', () => {
  it('moves only from where it was read', async () => {
    const lease = (await take('one'))!;
    await move(lease, 0, 4);
    await expect(move(lease, 3, 6)).rejects.toThrow(/no longer at position 3/);
    await expect(move(lease, 0, 6)).rejects.toThrow(/no longer at position 0/);
    expect((await readStanding(workshop.pool, name)).position).toBe(4);
  });

  it('that was taken away meanwhile is not made anew where the follower was: it begins again', async () => {
    const lease = (await take('one'))!;
    await move(lease, 0, 4);
    await workshop.rows('delete from roll.follower where name = $1', name);
    await expect(move(lease, 4, 6)).rejects.toThrow(/no longer at position 4/);
    expect((await readStanding(workshop.pool, name)).position).toBe(0);
    await move(lease, 0, 2);
    expect((await readStanding(workshop.pool, name)).position).toBe(2);
  });

  it('keeps what the follower remembers, and keeps it as it was when nothing is said', async () => {
    const lease = (await take('one'))!;
    await inTransaction(workshop.pool, (client) => moveOn(client, { name, from: 0, to: 1, lease, memory: { sequences: { 3: 9 } } }));
    await move(lease, 1, 2);
    expect(await readStanding(workshop.pool, name)).toEqual({ position: 2, memory: { sequences: { 3: 9 } } });
  });
});
