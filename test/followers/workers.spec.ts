import { envelopeOf } from '#ledger';
import { ManualClock, systemClock } from '#platform';
import { followerOf, projections } from '#projections';
import { until } from '../support/until.js';
import { WorkerProcesses } from '../support/worker-process.js';
import type { WorkerProcess } from '../support/worker-process.js';
import { Workshop } from '../support/workshop.js';

const nodes = Array.from({ length: 4 }, (_, i) => `n-${i + 1}`);
const followers = [...projections.map(followerOf), 'publisher', 'conductor'];

let workshop: Workshop;
let workers: WorkerProcesses;
let rollout: string;
let over = false;

beforeAll(async () => {
  workshop = await Workshop.open({ clock: new ManualClock(systemClock.millis()) });
  workers = new WorkerProcesses({ DATABASE_URL: workshop.database.worker, ROLLBOOK_FOLLOWERS: 'projector,conductor,publisher' });
});
afterAll(async () => {
  over = true;
  workers.dispose();
  await workshop.close();
});

const holderOf = async (name: string) => (await workshop.rows<{ holder: string }>('select holder from roll.lease where name = $1 and expires_at > now()', name))[0]?.holder ?? '';

/** The worker that conducts now. */
async function conducting(other?: WorkerProcess): Promise<WorkerProcess> {
  let found: WorkerProcess | undefined;
  await until(async () => {
    found = workers.holding(await holderOf('conductor'));
    return found !== undefined && found !== other;
  }, 15_000);
  return found!;
}

/** Agents that answer every order once, as it comes. */
async function answering(): Promise<void> {
  for (let answered = 0; !over; await new Promise((resolve) => setTimeout(resolve, 20))) answered = await workshop.answer(answered);
}

const completed = async () => (await workshop.typesOf(`rollout/${rollout}`)).includes('rollout.completed');
const settled = async () => (await workshop.typesOf(`rollout/${rollout}`)).filter((type) => type === 'rollout.node-settled').length;

it('sees a rollout through though workers are stopped, come back, and are killed', async () => {
  await Promise.all([workers.start(), workers.start()]);
  await workshop.fleet.importCatalogue();
  for (const node of nodes) await workshop.fleet.announce(node);
  rollout = await workshop.fleet.plan({ nodes, strategy: { maxUnavailable: 2 } });
  await workshop.fleet.start(rollout);
  const agents = answering();
  await until(async () => (await settled()) >= 1, 20_000);
  const first = await conducting();
  first.freeze();
  const second = await conducting(first);
  const before = await settled();
  await until(async () => (await settled()) > before, 20_000);
  first.thaw();
  // It finds out, and goes on as one of those who wait.
  const told = first.log.length;
  await until(() => first.log.length > told, 15_000);
  expect(first.ended).toBe(false);
  second.kill();
  await workers.start();
  await until(completed, 40_000, () => first.log.slice(-3_000));
  over = true;
  await agents;
}, 90_000);

it('did nothing twice', async () => {
  for (const node of nodes) {
    const events = (await workshop.events(`node/${node}`)).map((stored) => envelopeOf(stored));
    const count = (type: string) => events.filter((event) => event.type === type).length;
    expect({ node, started: count('upgrade.started'), verified: count('upgrade.verified'), late: count('step.reported-late') }).toEqual({ node, started: 1, verified: 1, late: 0 });
    const orders = events.filter((event) => event.type === 'step.ordered').map((event) => event.data['order']);
    expect(new Set(orders).size).toBe(orders.length);
  }
  const types = await workshop.typesOf(`rollout/${rollout}`);
  const count = (type: string) => types.filter((one) => one === type).length;
  expect([count('rollout.node-settled'), count('rollout.completed'), count('rollout.stopped')]).toEqual([nodes.length, 1, 0]);
});

it('has every follower at the head, every order once in the mailbox, and read models that equal a rebuild', async () => {
  const head = (await workshop.reader.head()).position;
  await until(async () => (await Promise.all(followers.map((name) => workshop.positionOf(name)))).every((position) => position === head), 15_000);
  const ordered = (await workshop.events()).filter((stored) => stored.type === 'step.ordered').map((stored) => String(stored.position));
  expect((await workshop.rows<{ position: string }>('select position::text from roll.mailbox order by mailbox.position')).map((row) => row.position)).toEqual(ordered);
  expect(await workshop.differing()).toEqual(Object.fromEntries(projections.map((one) => [one.name, 0])));
  expect(await workshop.rows('select from roll.timer')).toEqual([]);
}, 30_000);

it('ends at a signal and gives its leases back, so that the next one need not wait', async () => {
  const last = await conducting();
  await last.stop();
  const rows = await workshop.rows<{ holder: string; free: boolean }>('select holder, expires_at <= now() as free from roll.lease');
  for (const { holder, free } of rows) if (holder.startsWith(`worker-${last.pid}-`)) expect(free).toBe(true);
});
