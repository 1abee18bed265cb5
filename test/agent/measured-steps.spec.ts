import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OrderBody, Step } from '#messaging';
import { systemClock } from '#platform';
import { carryOut, median } from '../../apps/agent/src/steps/step.js';
import type { StepResult } from '../../apps/agent/src/steps/step.js';

const home = mkdtempSync(join(tmpdir(), 'rollbook-measure-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Says what it was given, and how often it has been run, in a file of its own. */
writeFileSync(join(home, 'tell.mjs'), `
  import { appendFileSync, readFileSync } from 'node:fs';
  const [, , file, failFrom = 'never', slow = '0'] = process.argv;
  appendFileSync(file, 'x');
  const run = readFileSync(file, 'utf8').length;
  await new Promise((done) => setTimeout(done, Number(slow)));
  console.log(JSON.stringify({ run, mode: process.env.THING_MODE ?? null, home: process.env.HOME, order: process.env.ROLLBOOK_ORDER }));
  process.exitCode = failFrom !== 'never' && run >= Number(failFrom) ? 3 : 0;
`);

let file = 0;
function run(rules: Partial<Step>, args: string[] = [], parameters: { [name: string]: string } = {}): Promise<StepResult> {
  const step: Step = {
    step: 'look', title: 'Look', kind: 'command', run: ['node', 'tell.mjs', `runs-${(file += 1)}`, ...args], install: null, timeoutMs: 20_000,
    expect: { exit: 0, stdout: null, json: {} }, facts: { run: { json: 'run' }, mode: { json: 'mode' } }, repeat: 'safe', done: null, attempts: 1,
    onFailure: 'stop', changes: false, ...rules,
  };
  const order = { order: 'r-1.n-1.1.0.1', parameters } as OrderBody;
  return carryOut({
    node: { node: 'n-1', product: 'thing', home, labels: {} }, step, order, brokenOff: false, mirror: home, signal: new AbortController().signal,
    onChild: () => undefined, clock: systemClock,
  });
}

describe('the environment of a step', () => {
  it('holds what the runbook says, filled from the order, beside what the agent sets', async () => {
    const result = await run({ env: { THING_MODE: 'to-${to}' } }, [], { to: 'v2' });
    expect(result).toMatchObject({ outcome: 'succeeded', facts: { mode: 'to-v2' } });
    expect(result.evidence!.toString()).toContain(`"home":"${home}","order":"r-1.n-1.1.0.1"`);
  });

  it('is there for the look as well', async () => {
    const done = { run: ['node', 'tell.mjs', 'looked'], expect: { exit: null, stdout: null, json: { mode: 'test' } } };
    expect(await run({ env: { THING_MODE: 'test' }, repeat: 'check', done })).toMatchObject({ found: true, facts: { mode: 'test', run: 1 } });
    expect(await run({ env: { THING_MODE: 'other' }, repeat: 'check', done })).toMatchObject({ found: false, facts: { mode: 'other' } });
  });
});

describe('a baseline', () => {
  it('runs the command as often as asked for, times each run, and tells their median', async () => {
    const result = await run({ kind: 'baseline', measure: 5 }, ['never', '30']);
    expect(result).toMatchObject({ outcome: 'succeeded', facts: { run: 5 } });
    const { medianMs, runsMs } = result.facts as { medianMs: number; runsMs: string[] };
    const runs = runsMs.map(Number);
    expect(runs).toHaveLength(5);
    expect(Math.min(...runs)).toBeGreaterThanOrEqual(30);
    expect(medianMs).toBe(runs.toSorted((a, b) => a - b)[2]);
    expect(result.evidence!.toString()).toContain(`--- 5 runs took ${runsMs.join(', ')} ms`);
  });

  it('is none when a run fails, and is not gone on with', async () => {
    const result = await run({ kind: 'baseline', measure: 5 }, ['3']);
    expect(result).toMatchObject({ outcome: 'failed', reason: 'exit-code', facts: { run: 3 } });
    expect(result.facts).not.toHaveProperty('medianMs');
  });

  it('has one time limit for all of its runs', async () => {
    const begun = performance.now();
    const result = await run({ kind: 'baseline', measure: 50, timeoutMs: 1_000 }, ['never', '300']);
    expect(result).toMatchObject({ outcome: 'timed-out', reason: 'timed-out' });
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});

it.each<[number[], number]>([[[3], 3], [[1, 9, 2], 2], [[4, 1, 2, 9], 3]])('the median of %j is %d', (values, middle) => {
  expect(median(values)).toBe(middle);
});
