import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sealWatch } from '#messaging';
import type { ProductFile } from '#messaging';
import { ManualClock, silentLogger } from '#platform';
import { keyIdOf, newSigningKey } from '#proof';
import { AgentMemory } from '../../apps/agent/src/journal/memory.js';
import { Observer, count } from '../../apps/agent/src/observe/observer.js';
import { OrderDesk } from '../../apps/agent/src/orders/desk.js';
import type { Reporter } from '../../apps/agent/src/reports/reporter.js';
import { testFolders } from '../support/agent-folder.js';
import { until } from '../support/until.js';

const folder = testFolders('watch');
const service = newSigningKey();
const serviceKeys = new Map([[keyIdOf(service.publicKey), service.publicKey]]);
const product = { product: 'thing', versionCommand: ['thing', 'version'], healthCommand: ['thing', 'health'], metricsCommand: ['thing', 'count'] } as ProductFile;

function home(counts: string): string {
  const at = folder();
  mkdirSync(join(at, '.local/bin'), { recursive: true });
  const program = `#!/bin/sh\ncase "$1" in version) echo v1.0;; health) echo '{"health":"healthy"}';; count) ${counts};; esac\n`;
  writeFileSync(join(at, '.local/bin/thing'), program);
  chmodSync(join(at, '.local/bin/thing'), 0o755);
  return at;
}

const served = (at: string) => ({ node: 'n-1', product: 'thing', home: at, labels: {} });

it.each([
  ['numbers are what is counted', `echo '{"errors":3,"name":"x","rate":0.5}'`, { errors: 3, rate: 0.5 }],
  ['a command that fails has counted nothing', `echo '{"errors":3}'; exit 1`, {}],
  ['what is no JSON has counted nothing', 'echo many', {}],
  ['what is no object has counted nothing', 'echo null', {}],
])('of a product: %s', async (_, program, counts) => {
  expect(await count(served(home(program)), { product, runbooks: new Map() }, 'look.test')).toEqual(counts);
});

it('a wish of the service to watch a node is kept over a restart, and not shortened by an older one', async () => {
  const state = join(folder(), 'journal');
  const nodes = new Map([['n-1', served('/nowhere')]]);
  const wish = (until: string, everySeconds = 5) => sealWatch({ site: 'local', node: 'n-1', everySeconds, until, position: 1 }, service.privateKey);
  const memory = new AgentMemory(state);
  const desk = (of: AgentMemory) => new OrderDesk({
    site: 'local', serviceKeys, nodes, products: new Map(), memory: of, reporter: { wake: () => undefined } as Reporter, clock: new ManualClock(), logger: silentLogger, onOrder: () => undefined, onEpoch: () => undefined,
  });
  await desk(memory).take([wish('2026-01-16T10:00:00.000Z', 2), wish('2026-01-16T09:30:00.000Z', 60)], 9);
  await memory.close();
  const again = new AgentMemory(state);
  expect([...again.watches()]).toEqual([['n-1', { everySeconds: 2, until: '2026-01-16T10:00:00.000Z' }]]);
  expect(again.cursor).toBe(9);
  await again.close();
});

it('a watched node is told of at every look, though nothing changes, until its time is over', async () => {
  const clock = new ManualClock();
  const told: { kind: string; metrics?: object }[] = [];
  const reporter = { tell: (body: { kind: string; metrics?: object }) => (told.push(body), Promise.resolve()) } as unknown as Reporter;
  const nodes = new Map([['n-1', served(home(`echo '{"errors":1}'`))]]);
  const watches = new Map([['n-1', { everySeconds: 1, until: '2026-01-16T09:00:10.000Z' }]]);
  const observer = new Observer({
    nodes, products: new Map([['thing', { product, runbooks: new Map() }]]), reporter, isBusy: () => false, everySeconds: 3_600, mark: 'look.test', watches: () => watches, clock, logger: silentLogger,
  });
  await observer.start();
  try {
    for (const looks of [1, 2, 3]) {
      await until(() => told.filter((one) => one.kind === 'observed').length >= looks, 10_000);
      clock.advance(1_000);
    }
    expect(told.filter((one) => one.kind === 'observed').every((one) => JSON.stringify(one.metrics) === '{"errors":1}')).toBe(true);
  } finally {
    await observer.stop();
  }
}, 30_000);
