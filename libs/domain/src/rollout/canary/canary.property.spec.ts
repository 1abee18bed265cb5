import fc from 'fast-check';
import { canonicalJson, digestOf } from '#proof';
import { later } from '../../kernel/time.js';
import { completeGate } from '../gates/complete.js';
import type { CanaryGate, Judgement, WatchedNode } from '../gates/gate.js';
import { judgeGate } from '../gates/judge.js';

const opened = '2026-01-16T09:00:00.000Z';
const gate = completeGate({ gate: 'canary', soakSeconds: 600, looks: 2, metrics: [{ metric: 'errors' }] }) as CanaryGate;

const counted = fc.option(fc.record({ count: fc.nat(200), over: fc.integer({ min: 0, max: 90 }) }), { nil: null, freq: 8 });
const node = (group: WatchedNode['group']) => fc.record({ outcome: fc.constantFrom<WatchedNode['outcome']>('ok', 'ok', 'ok', 'ok', 'failed', 'unknown'), before: counted, since: counted })
  .map(({ outcome, before, since }): Omit<WatchedNode, 'node'> => ({ group, outcome, reason: null, counts: { errors: { before, since } } }));
const sample = fc.record({ canaries: fc.array(node('canary'), { maxLength: 8 }), control: fc.array(node('control'), { maxLength: 12 }), seconds: fc.integer({ min: 0, max: 900 }), seed: fc.nat() })
  .map(({ canaries, control, ...rest }) => ({ nodes: [...canaries, ...control].map((one, i): WatchedNode => ({ node: `n-${i}`, ...one })), ...rest }));
type Sample = typeof sample extends fc.Arbitrary<infer T> ? T : never;

function judge({ nodes, seconds, seed }: Sample): Judgement {
  const stand = { gate: 0, dueBy: later(opened, gate.withinSeconds), askedAt: null, samples: 0, good: 0, bad: 0, looks: 0, verdict: null, parts: [] };
  return judgeGate({ gate, stand, openedAt: opened, takenAt: later(opened, seconds), seed: digestOf(seed) }, [{ gate: 'canary', nodes }]);
}

it('promotes nobody who is not known to be well, and nobody before the soak is over', () => {
  let promoted = 0;
  fc.assert(fc.property(sample, (one) => {
    const { verdict, final } = judge(one);
    if (verdict !== 'promote') return;
    promoted += 1;
    const canaries = one.nodes.filter((each) => each.group === 'canary');
    expect([canaries.length > 0, canaries.every((each) => each.outcome === 'ok' && each.counts['errors']!.since !== null), one.seconds >= 600, final]).toEqual([true, true, true, true]);
  }), { numRuns: 3_000 });
  expect(promoted).toBeGreaterThan(20);
});

it('goes back for what was seen alone, never for what is not known', () => {
  let back = 0;
  fc.assert(fc.property(sample, (one) => {
    const judged = judge(one);
    if (judged.verdict !== 'rollback') return;
    back += 1;
    const failed = one.nodes.filter((each) => each.group === 'canary' && each.outcome === 'failed').length;
    expect(failed >= 2 || judged.reason.startsWith('metric-worse:')).toBe(true);
  }), { numRuns: 2_000 });
  expect(back).toBeGreaterThan(20);
});

it('can be put on record, and comes out the same again from there', () => {
  fc.assert(fc.property(sample, (one) => {
    const stored = JSON.parse(canonicalJson(one)) as Sample;
    expect(canonicalJson(judge(stored))).toBe(canonicalJson(judge(one)));
  }), { numRuns: 300 });
});
