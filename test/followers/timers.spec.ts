import { PauseRollout, decode } from '#commands';
import type { DomainEvent } from '#domain';
import type { Lease } from '#projections';
import type { Ordered } from '../support/simulation.js';
import { Workshop } from '../support/workshop.js';
import type { Between } from '../support/workshop.js';

const hour = 3_600_000;
let workshop: Workshop;
let rollout: string;
let lease: Lease;

beforeEach(async () => {
  workshop = await Workshop.open();
  await workshop.fleet.importCatalogue();
  await workshop.fleet.announce('n-1');
  lease = await workshop.lease('conductor', 'one');
});
afterEach(() => workshop.close());

const plan = async () => (rollout = await workshop.fleet.plan({ nodes: ['n-1'] }));
const timers = () => workshop.rows<{ name: string; due_at: string; subject: { order?: string; wait: string } }>('select name, due_at, subject from roll.timer order by name');
const eventsOf = async <T extends DomainEvent['type']>(stream: string, type: T) =>
  (await workshop.events(stream)).map((stored) => decode(stored).event).filter((event): event is Extract<DomainEvent, { type: T }> => event.type === type);
const expired = () => eventsOf('node/n-1', 'step.expired');
const ordered = () => eventsOf('node/n-1', 'step.ordered');
const waitOver = (iso: string) => workshop.clock.advance(Date.parse(iso) - workshop.clock.millis());

/** A conductor that has just been started. */
async function conduct(between?: Between): Promise<void> {
  await workshop.drain((await workshop.hire(between)).conductor, lease);
}

/** The conductor's last word before an order of a kind is answered; all orders before it were. */
async function reach(wanted: (order: Ordered) => boolean): Promise<Ordered> {
  await plan();
  await workshop.fleet.start(rollout);
  let found: Ordered | undefined;
  workshop.fleet.conduct = (order) => {
    if (!wanted(order)) return undefined;
    found = order;
    return 'silent';
  };
  for (let answered = 0; !found; answered = await workshop.answer(answered)) await conduct();
  return found;
}

/** Its runbook lets it be tried more than once. */
const isInstall = (order: Ordered) => order.kind === 'install' && order.phase === 'upgrade';

describe('the deadline of an order', () => {
  it('is stored, and expires the order once, also for a conductor that did not set it', async () => {
    const order = await reach(isInstall);
    expect(await timers()).toMatchObject([{ name: 'step/n-1', due_at: order.acceptBy, subject: { order: order.order, wait: 'acceptance' } }]);
    workshop.clock.advance(Date.parse(order.acceptBy) - workshop.clock.millis() - 1);
    await conduct();
    expect(await expired()).toEqual([]);
    workshop.clock.advance(1);
    await conduct();
    expect((await expired()).map((event) => [event.data.order, event.data.wait])).toEqual([[order.order, 'acceptance']]);
    // Tried again, under a new order with a deadline of its own.
    const again = (await ordered()).at(-1)!.data;
    expect([again.step, again.attempt]).toEqual([order.step, 2]);
    expect(await timers()).toMatchObject([{ name: 'step/n-1', due_at: again.acceptBy, subject: { order: again.order } }]);
    await conduct();
    expect(await expired()).toHaveLength(1);
  });

  it('is fired again by a conductor whose predecessor died between the expiry and its note, to no effect', async () => {
    const order = await reach(isInstall);
    waitOver(order.acceptBy);
    const dying: Between = (execute) => async (command: { constructor: { name: string } }) => {
      await execute(command as never);
      if (command.constructor.name === 'ExpireStep') throw new Error('killed');
    };
    await expect(conduct(dying)).rejects.toThrow('killed');
    expect(await timers()).toHaveLength(1);
    await conduct();
    expect(await expired()).toHaveLength(1);
    expect((await ordered()).filter((event) => event.data.step === order.step)).toHaveLength(2);
  });

  it('makes room for that of the report once the order is accepted, and goes with the report', async () => {
    const order = await reach(isInstall);
    const at = workshop.clock.now();
    await workshop.fleet.accept(order);
    await conduct();
    expect(await timers()).toMatchObject([{ name: 'step/n-1', due_at: order.finishBy, subject: { wait: 'report' } }]);
    waitOver(order.acceptBy);
    await conduct();
    expect(await expired()).toEqual([]);
    expect(at < order.acceptBy && order.acceptBy < order.finishBy).toBe(true);
    waitOver(order.finishBy);
    await conduct();
    expect((await expired()).map((event) => event.data.wait)).toEqual(['report']);
  });

  it('does not expire what was answered while the conductor was away, though the deadline has passed since', async () => {
    const order = await reach(isInstall);
    workshop.fleet.conduct = () => undefined;
    await workshop.fleet.answer(order);
    waitOver(order.finishBy);
    workshop.clock.advance(hour);
    await conduct();
    expect(await expired()).toEqual([]);
    expect((await ordered()).at(-1)!.data.order).not.toBe(order.order);
  });

  it('that a new order has set is not taken away by an old conductor that only thinks it has the lease', async () => {
    const order = await reach(isInstall);
    waitOver(order.acceptBy);
    let replaced = false;
    // Stopped with the due timer in its hands; another one takes over, expires the order and gives the next one.
    const stopped: Between = (execute) => async (command: { constructor: { name: string } }) => {
      if (command.constructor.name === 'ExpireStep' && !replaced) {
        replaced = true;
        await workshop.drain((await workshop.hire()).conductor, await workshop.lease('conductor', 'two'));
      }
      return execute(command as never);
    };
    await conduct(stopped);
    const again = (await ordered()).at(-1)!.data;
    expect(again.attempt).toBe(2);
    expect(await timers()).toMatchObject([{ name: 'step/n-1', due_at: again.acceptBy, subject: { order: again.order } }]);
    lease = await workshop.lease('conductor', 'two');
    waitOver(again.acceptBy);
    await conduct();
    expect((await expired()).map((event) => event.data.order)).toEqual([order.order, again.order]);
  });

  it('fires once when two conductors hold it at the same time', async () => {
    const order = await reach(isInstall);
    waitOver(order.acceptBy);
    const [one, two] = [await workshop.hire(), await workshop.hire()];
    await Promise.allSettled([one.conductor.step(lease), two.conductor.step(lease)]);
    await conduct();
    expect(await expired()).toHaveLength(1);
    expect((await ordered()).filter((event) => event.data.step === order.step)).toHaveLength(2);
  });
});

describe('a clock that jumps', () => {
  it('forwards by days lets every order expire as often as its runbook allows, and the node ends', async () => {
    await reach(isInstall);
    for (let days = 0; days < 6; days++) {
      workshop.clock.advance(24 * hour);
      await conduct();
    }
    const orders = (await expired()).map((event) => event.data.order);
    expect(new Set(orders).size).toBe(orders.length);
    expect(orders.length).toBeGreaterThanOrEqual(3);
    const failed = await eventsOf('node/n-1', 'upgrade.failed');
    expect(failed).toHaveLength(1);
    expect(await workshop.typesOf(`rollout/${rollout}`)).toContain('rollout.completed');
    expect(await timers()).toEqual([]);
  });

  it('backwards does not hold up the deadlines set since, in a conductor that goes on', async () => {
    const hand = await workshop.hire();
    await workshop.drain(hand.conductor, lease);
    workshop.clock.advance(-3 * hour);
    await plan();
    await workshop.fleet.start(rollout);
    await workshop.drain(hand.conductor, lease);
    const order = (await ordered())[0]!.data;
    waitOver(order.acceptBy);
    await workshop.drain(hand.conductor, lease);
    expect((await expired()).map((event) => event.data.order)).toEqual([order.order]);
  });
});

describe('the waits of a rollout', () => {
  it('for its start ends the plan once, when nobody starts it', async () => {
    await plan();
    await conduct();
    const [timer] = await timers();
    expect(timer).toMatchObject({ name: `rollout/${rollout}`, subject: { wait: 'start' } });
    waitOver(timer!.due_at);
    await conduct();
    await conduct();
    expect((await eventsOf(`rollout/${rollout}`, 'rollout.expired')).map((event) => event.data.wait)).toEqual(['start']);
    expect(await timers()).toEqual([]);
  });

  it('for going on again aborts it, and the node under way is asked to end', async () => {
    await reach(isInstall);
    const hand = await workshop.hire();
    await hand.bus.execute(new PauseRollout(workshop.fleet.meta(), rollout, 'lunch'));
    await conduct();
    const timer = (await timers()).find((one) => one.name === `rollout/${rollout}`)!;
    expect(timer.subject.wait).toBe('resume');
    waitOver(timer.due_at);
    await conduct();
    expect((await eventsOf(`rollout/${rollout}`, 'rollout.expired')).map((event) => event.data.wait)).toEqual(['resume']);
    expect(await workshop.typesOf('node/n-1')).toContain('upgrade.stop-asked');
  });
});
