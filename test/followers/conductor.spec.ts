import { AdvancePassage, PlanRollout, StartRollout } from '#commands';
import type { Meta } from '#commands';
import { envelopeOf } from '#ledger';
import { Workshop } from '../support/workshop.js';
import type { Between } from '../support/workshop.js';

const nodes = ['n-1', 'n-2'];
const person = { kind: 'person', ref: 'tester' } as const;
const meta = (digit: string): Meta => ({ command: `${digit.repeat(8)}-1111-8111-8111-111111111111`, actor: person });

class Crash extends Error {}

/** The worker dies at every command that it sends, once: before it is carried out, or right after it was recorded. */
function dyingAtEach(when: 'before' | 'after'): Between {
  const seen = new Set<string>();
  return (execute) => async (command: { meta: Meta }) => {
    const first = !seen.has(command.meta.command);
    seen.add(command.meta.command);
    if (first && when === 'before') throw new Crash();
    const outcome = await execute(command as never);
    if (first) throw new Crash();
    return outcome;
  };
}

/** A whole rollout of two nodes, one after the other; the second one planned does not verify and goes back. */
async function story(between?: Between): Promise<{ workshop: Workshop; crashes: number }> {
  const workshop = await Workshop.open({ incarnation: '7'.repeat(36) });
  const { fleet } = workshop;
  await fleet.importCatalogue();
  for (const node of nodes) await fleet.announce(node);
  const wish = { product: 'orchat', to: 'v0.7.0', selector: 'all', nodes, strategy: { failureLimit: 1, maxUnavailable: 1 }, dryRun: false };
  let hand = await workshop.hire();
  const planned = await hand.bus.execute(new PlanRollout(meta('a'), wish));
  if (!planned.ok) throw new Error(planned.refusal.code);
  const failing = planned.plan!.targets[1]!.node;
  fleet.conduct = (order) => (order.node === failing && order.kind === 'version' && order.phase === 'upgrade' ? { facts: { version: 'v0.6.2' } } : undefined);
  await hand.bus.execute(new StartRollout(meta('b'), planned.rollout, null));
  let crashes = 0;
  const lease = await workshop.lease('conductor', 'one');
  hand = await workshop.hire(between);
  for (let answered = 0, quiet = false; !quiet; ) {
    try {
      quiet = (await hand.conductor.step(lease)).taken === 0;
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      crashes += 1;
      hand = await workshop.hire(between);
      quiet = false;
      continue;
    }
    const before = answered;
    answered = await workshop.answer(answered);
    quiet &&= answered === before;
  }
  return { workshop, crashes };
}

/** Everything that was recorded, without when and where; who asked for it, under which id, because of what. */
async function told(workshop: Workshop) {
  const events = (await workshop.events()).map((stored) => {
    const { _ledger, ...rest } = envelopeOf(stored);
    return { ...rest, version: _ledger.version };
  });
  return nodes.map((node) => `node/${node}`).concat('rollout').map((prefix) => events.filter((event) => event.stream.startsWith(prefix)));
}

describe('a conductor that dies', () => {
  let undisturbed: Awaited<ReturnType<typeof told>>;

  beforeAll(async () => {
    const { workshop } = await story();
    undisturbed = await told(workshop);
    await workshop.close();
  });

  it('has a story in which a node verifies, one goes back, and the rollout ends', () => {
    const types = undisturbed.flat().map((event) => event.type);
    const count = (type: string) => types.filter((one) => one === type).length;
    expect([count('upgrade.verified'), count('rollback.verified'), count('rollout.node-settled'), count('rollout.completed')]).toEqual([1, 1, 2, 1]);
  });

  it.each(['before', 'after'] as const)('%s each of its commands is recorded sends the same ones again, and nothing twice', async (when) => {
    let made = 0;
    const dying = dyingAtEach(when);
    const { workshop, crashes } = await story((execute) => dying(async (command) => {
      made += 1;
      return execute(command);
    }));
    try {
      expect(await told(workshop)).toEqual(undisturbed);
      expect(crashes).toBeGreaterThan(30);
      expect(made).toBeGreaterThanOrEqual(crashes);
    } finally {
      await workshop.close();
    }
  }, 60_000);
});

describe('a node that could not begin', () => {
  it('is not upgraded behind the back of its rollout when the conductor dies and the node is free by then', async () => {
    const workshop = await Workshop.open();
    const { fleet } = workshop;
    await fleet.importCatalogue();
    await fleet.announce('n-1');
    const lease = await workshop.lease('conductor', 'one');
    const first = await fleet.plan({ nodes: ['n-1'] });
    const second = await fleet.plan({ nodes: ['n-1'] });
    await fleet.start(first);
    let hand = await workshop.hire();
    await workshop.drain(hand.conductor, lease);
    // The node is in the first rollout. The second one admits it, cannot begin it, settles it, and then the worker dies.
    await fleet.start(second);
    hand = await workshop.hire((execute) => async (command: { constructor: { name: string } }) => {
      const outcome = await execute(command as never);
      if (command.constructor.name === 'SettleNode') throw new Crash();
      return outcome;
    });
    await expect(workshop.drain(hand.conductor, lease)).rejects.toThrow(Crash);
    expect(await workshop.typesOf(`rollout/${second}`)).toContain('rollout.node-settled');
    // Until the next worker takes over, the node comes to its end in the first rollout, failed and unchanged.
    fleet.conduct = () => ({ outcome: 'failed', reason: 'quota' });
    const other = await workshop.hire();
    await workshop.answer(0);
    await other.bus.execute(new AdvancePassage(meta('c'), 'n-1'));
    expect(await workshop.typesOf('node/n-1')).toContain('upgrade.failed');
    await workshop.drain((await workshop.hire()).conductor, lease);
    const started = (await workshop.events('node/n-1')).filter((stored) => stored.type === 'upgrade.started').map((stored) => envelopeOf(stored).data['rollout']);
    expect(started).toEqual([first]);
    await workshop.close();
  });
});

describe('two conductors', () => {
  it('of which one was only thought dead do nothing twice; the old one cannot move on', async () => {
    const workshop = await Workshop.open();
    const { fleet } = workshop;
    await fleet.importCatalogue();
    for (const node of nodes) await fleet.announce(node);
    const rollout = await fleet.plan({ nodes, strategy: { maxUnavailable: 2 } });
    await fleet.start(rollout);
    let replaced = false;
    // Just as the old one is about to begin the first node, it is stopped, and another one takes over and does it all.
    const old = await workshop.hire((execute) => async (command: { constructor: { name: string } }) => {
      if (command.constructor.name === 'StartUpgrade' && !replaced) {
        replaced = true;
        const newOne = await workshop.hire();
        await workshop.drain(newOne.conductor, await workshop.lease('conductor', 'new'));
        await workshop.answer(0);
        await workshop.drain(newOne.conductor, await workshop.lease('conductor', 'new'));
      }
      return execute(command as never);
    });
    const stale = await workshop.lease('conductor', 'old');
    await expect(workshop.drain(old.conductor, stale)).rejects.toThrow(/passed to another holder/);
    await fleet.announce('n-9');
    const position = await workshop.positionOf('conductor');
    await expect(workshop.drain(old.conductor, stale)).rejects.toThrow(/passed to another holder/);
    expect(await workshop.positionOf('conductor')).toBe(position);
    for (const node of nodes) {
      const types = await workshop.typesOf(`node/${node}`);
      expect(types.filter((type) => type === 'upgrade.started')).toHaveLength(1);
      const orders = (await workshop.events(`node/${node}`)).filter((stored) => stored.type === 'step.ordered').map((stored) => envelopeOf(stored).data['order']);
      expect(new Set(orders).size).toBe(orders.length);
    }
    await workshop.close();
  });
});
