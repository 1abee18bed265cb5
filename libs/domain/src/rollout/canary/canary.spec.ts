import { digest as digestOf } from '../../../../../test/support/given.js';
import { later } from '../../kernel/time.js';
import { completeGate } from '../gates/complete.js';
import type { GateWish } from '../gates/complete.js';
import { counted } from '../gates/found.js';
import type { NodeLook } from '../gates/found.js';
import type { CanaryGate, Counted, Judgement, WatchedNode } from '../gates/gate.js';
import { judgeGate } from '../gates/judge.js';
import { betaBelow, upperBound } from './beta.js';
import { defaultCanaryLimits } from './limits.js';
import { judgeOutcomes } from './outcomes.js';
import { permutationP, splits } from './permutation.js';
import { drawFrom } from './random.js';

const opened = '2026-01-16T09:00:00.000Z';
const seed = digestOf('a');

function node(name: string, group: WatchedNode['group'], outcome: WatchedNode['outcome'] = 'ok', errors?: [number, number] | null): WatchedNode {
  const of = (count: number): Counted => ({ count, over: 60 });
  const counts: WatchedNode['counts'] = errors === undefined ? {} : { errors: errors === null ? { before: null, since: null } : { before: of(errors[0]), since: of(errors[1]) } };
  return { node: name, group, outcome, reason: null, counts };
}

const canaries = (...outcomes: WatchedNode['outcome'][]) => outcomes.map((outcome, i) => node(`c-${i}`, 'canary', outcome));
const watched = (canary: [number, number][], control: [number, number][]) => [...canary.map((errors, i) => node(`c-${i}`, 'canary', 'ok', errors)), ...control.map((errors, i) => node(`o-${i}`, 'control', 'ok', errors))];

function judge(nodes: WatchedNode[], rules: Partial<GateWish> = {}, at: { seconds?: number; looks?: number } = {}): Judgement {
  const gate = completeGate({ gate: 'canary', soakSeconds: 600, looks: 3, ...rules }) as CanaryGate;
  const stand = { gate: 0, dueBy: later(opened, gate.withinSeconds), askedAt: null, samples: 0, good: 0, bad: 0, looks: at.looks ?? 0, verdict: null, parts: [] };
  return judgeGate({ gate, stand, openedAt: opened, takenAt: later(opened, at.seconds ?? 600), seed }, [{ gate: 'canary', nodes }]);
}

const outcomeOf = (judged: Judgement) => [judged.verdict, judged.reason];

describe('what so many nodes can tell', () => {
  it.each([[1, 0.95], [3, 0.632], [5, 0.451], [10, 0.259], [20, 0.139], [30, 0.095], [59, 0.0495], [299, 0.00997]])('%d that are well exclude only more than %d failing', (nodes, share) => {
    expect(upperBound(0, nodes)).toBeCloseTo(share, 3);
  });

  it.each([[1, 3, 0.865], [2, 10, 0.507], [5, 5, 1], [0, 0, 1]])('%d failed of %d exclude more than %d', (failed, nodes, share) => expect(upperBound(failed, nodes)).toBeCloseTo(share, 3));

  it.each([
    [0, 0, 0.115], [0, 3, 0.095], [0, 10, 0.061], [0, 30, 0.018], [1, 3, 0.43], [1, 10, 0.33], [1, 30, 0.14], [2, 3, 0.75], [2, 10, 0.64], [3, 10, 0.85],
  ])('%d failed of %d, after what is known before: too many with probability %d', (failed, nodes, likely) => {
    const found = judgeOutcomes(canaries(...Array.from({ length: nodes }, (_, i) => (i < failed ? 'failed' as const : 'ok' as const))), defaultCanaryLimits);
    expect(found.tooManyLikely).toBeCloseTo(likely, 2);
  });

  it('is a distribution: it grows from 0 to 1, and mirrors itself', () => {
    expect([betaBelow(0, 2, 3), betaBelow(1, 2, 3)]).toEqual([0, 1]);
    for (const x of [0.1, 0.3, 0.5, 0.7, 0.9]) expect(betaBelow(x, 2.5, 7)).toBeCloseTo(1 - betaBelow(1 - x, 7, 2.5), 12);
    // Of one trial each way the density is that of a line.
    expect(betaBelow(0.3, 2, 1)).toBeCloseTo(0.09, 12);
  });

  it.each([[1, 4, 0.25], [1, 20, 0.05], [2, 6, 0.0667], [2, 10, 0.0222], [3, 6, 0.05], [3, 12, 0.0045]])('%d canaries of %d can come to no smaller p than %d', (k, n, floor) => {
    const high = Array.from({ length: k }, (_, i) => 100 + i);
    const p = permutationP(high, Array.from({ length: n - k }, (_, i) => i), drawFrom(seed, 1));
    expect(p).toBeCloseTo(floor, 4);
    expect(1 / splits(n, k)).toBeCloseTo(floor, 4);
  });
});

describe('chance', () => {
  it('comes out the same again for the same plan, and otherwise for another or another purpose', () => {
    const first = (digest: string, purpose: number) => { const draw = drawFrom(digest, purpose); return [draw(), draw(), draw()]; };
    expect(first(seed, 1)).toEqual(first(seed, 1));
    expect(first(seed, 1)).not.toEqual(first(seed, 2));
    expect(first(seed, 1)).not.toEqual(first(digestOf('b'), 1));
  });

  it('is spread evenly', () => {
    const draw = drawFrom(seed, 7);
    const bins = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 20_000; i++) bins[Math.floor(draw() * 10)]! += 1;
    for (const bin of bins) expect(Math.abs(bin - 2_000)).toBeLessThan(200);
  });

  it('draws splits where there are too many to count, and comes close to itself with other draws', () => {
    const [a, b] = [Array.from({ length: 10 }, (_, i) => i * 1.5), Array.from({ length: 20 }, (_, i) => i * 0.6)];
    const [one, other] = [permutationP(a, b, drawFrom(seed, 1)), permutationP(a, b, drawFrom(seed, 2))];
    expect(one).not.toBe(other);
    expect(one).toBeCloseTo(other, 1);
    // All alike: every split is as high. All apart: none of those drawn is.
    expect(permutationP(a.map(() => 1), b.map(() => 1), drawFrom(seed, 3))).toBe(1);
    expect(permutationP(a.map(() => 9), b.map(() => 1), drawFrom(seed, 3))).toBe(1 / 10_000);
  });
});

describe('the ends of the canaries', () => {
  it('promote when all are well and the soak is over, and say how little that excludes', () => {
    const judged = judge(canaries('ok', 'ok', 'ok'));
    expect(judged).toMatchObject({ verdict: 'promote', final: true, reason: 'canaries-well' });
    expect(judged.says).toContain('3 of 3 canaries are well. With 95 % certainty this excludes only that more than 63 % of nodes fail.');
  });

  it('are not enough before the soak is over', () => {
    expect(judge(canaries('ok', 'ok', 'ok'), {}, { seconds: 599 })).toMatchObject({ verdict: 'insufficient', final: false, reason: 'soak-not-over' });
  });

  it('hold for one failure, and go back for two, without waiting for the soak', () => {
    expect(judge(canaries('ok', 'ok', 'failed'))).toMatchObject({ verdict: 'hold', final: true, reason: 'canary-failed' });
    expect(judge(canaries('ok', 'ok', 'failed'), {}, { seconds: 10 })).toMatchObject({ verdict: 'hold', final: false });
    expect(judge(canaries('ok', 'failed', 'failed'), {}, { seconds: 10 })).toMatchObject({ verdict: 'rollback', final: true, reason: 'canaries-failed' });
    // The only canary that there is cannot tell a bad release from a bad node.
    expect(judge(canaries('failed'))).toMatchObject({ verdict: 'hold', final: true });
  });

  it('of a large group go back by what they make likely', () => {
    const of = (failed: number, nodes: number) => judge(canaries(...Array.from({ length: nodes }, (_, i) => (i < failed ? 'failed' as const : 'ok' as const)))).verdict;
    expect([of(2, 100), of(4, 100), of(10, 100)]).toEqual(['hold', 'hold', 'rollback']);
  });

  it('that nobody knows hold, and are waited for while there is time', () => {
    expect(judge(canaries('ok', 'ok', 'unknown'))).toMatchObject({ verdict: 'hold', final: false, reason: 'canary-unknown' });
    expect(judge(canaries('ok', 'ok', 'unknown'), {}, { seconds: 800 })).toMatchObject({ verdict: 'hold', final: true, reason: 'canary-unknown' });
  });

  it('of nobody are insufficient', () => {
    expect(judge([node('o-1', 'control')])).toMatchObject({ verdict: 'insufficient', final: true, reason: 'group-empty' });
  });
});

describe('what they count', () => {
  const errors: Partial<GateWish> = { metrics: [{ metric: 'errors' }] };
  const quiet: [number, number][] = Array.from({ length: 9 }, (_, i) => [10 + i, 11 + i]);

  it('that went like everywhere promotes, and says what it excludes', () => {
    const judged = judge(watched([[10, 11], [14, 13], [18, 20]], quiet), errors);
    expect(judged).toMatchObject({ verdict: 'promote', final: true, looks: 3, method: { 'metric:errors': { state: 'compared', method: 'before-and-since', decides: true } } });
    expect(judged.says).toMatch(/errors: .* times as many as where nothing was changed \(p = .*\); this excludes more than .* times as many/);
  });

  it('that became much worse goes back, also at an early look', () => {
    const bad = watched([[10, 60], [14, 70], [18, 90]], quiet);
    expect(outcomeOf(judge(bad, errors))).toEqual(['rollback', 'metric-worse:errors']);
    expect(judge(bad, errors, { seconds: 200 })).toMatchObject({ verdict: 'rollback', final: true });
  });

  it('that rose on every node is the day, not the release', () => {
    const risen: [number, number][] = quiet.map(([before]) => [before, before * 4]);
    expect(judge(watched([[10, 42], [14, 55], [18, 70]], risen), errors).verdict).toBe('promote');
  });

  it('that is worse for certain but not by much holds', () => {
    const judged = judge(watched([[100, 130], [140, 182], [180, 234]], Array.from({ length: 12 }, () => [100, 100] as [number, number])), errors);
    expect(outcomeOf(judged)).toEqual(['hold', 'metric-worse:errors']);
  });

  it('in groups too small to decide makes a person look, and never goes back by itself', () => {
    const judged = judge(watched([[1, 40], [2, 50]], [[1, 1], [2, 2]]), errors);
    expect(outcomeOf(judged)).toEqual(['hold', 'metric-looks-worse:errors']);
    expect(judged.says).toContain('groups of this size cannot come below p = 0.166667, so this alone decides nothing');
  });

  it('cannot be compared when it is missing, or when nobody was left alone: that is not enough', () => {
    expect(outcomeOf(judge([node('c-1', 'canary', 'ok', null), node('o-1', 'control', 'ok', [1, 1])], errors))).toEqual(['insufficient', 'metric-missing:errors']);
    expect(outcomeOf(judge([node('c-1', 'canary', 'ok', [1, 1])], errors))).toEqual(['insufficient', 'metric-no-control:errors']);
    expect(outcomeOf(judge(watched([[0, 0], [0, 0], [0, 0]], quiet), { metrics: [{ metric: 'errors' }], limits: { exposure: 1_000 } }))).toEqual(['insufficient', 'metric-no-exposure:errors']);
  });

  it('in the shadow is shown and decides nothing', () => {
    const judged = judge(watched([[10, 60], [14, 70], [18, 90]], quiet), { metrics: [{ metric: 'errors', shadow: true }] });
    expect(judged.verdict).toBe('promote');
    expect(judged.says).toContain('errors (not counted)');
  });

  it('of what is better when there is more is turned round', () => {
    const fewer = watched([[60, 10], [70, 14], [90, 18]], Array.from({ length: 9 }, () => [50, 50] as [number, number]));
    expect(judge(fewer, { metrics: [{ metric: 'errors', worse: 'lower' }] }).verdict).toBe('rollback');
    expect(judge(fewer, errors).verdict).toBe('promote');
  });

  it('is judged the same again from the same sample', () => {
    const many = watched(Array.from({ length: 8 }, (_, i) => [9 + i, 12 + i] as [number, number]), Array.from({ length: 30 }, (_, i) => [8 + i, 10 + i] as [number, number]));
    expect(judge(many, errors)).toEqual(judge(many, errors));
  });
});

describe('a counter', () => {
  const looks = (...values: (number | null)[]): NodeLook[] => values.map((value, i): NodeLook => ({ at: later(opened, i * 60), version: 'v0.7.0', health: 'healthy', metrics: value === null ? {} : { errors: value, requests: i * 100 } }));
  const errors = { metric: 'errors', per: null };

  it('is what it grew by, over the minutes that it was seen', () => {
    expect(counted(errors, looks(5, 7, 7, 12), opened, later(opened, 600))).toEqual({ count: 7, over: 3 });
    expect(counted({ metric: 'errors', per: 'requests' }, looks(5, 7, 7, 12), opened, later(opened, 600))).toEqual({ count: 7, over: 300 });
  });

  it('that fell began anew', () => expect(counted(errors, looks(50, 52, 1, 3), opened, later(opened, 600))).toEqual({ count: 5, over: 3 }));

  it('seen once, or not within the time, says nothing', () => {
    expect(counted(errors, looks(5), opened, later(opened, 600))).toBeNull();
    expect(counted(errors, looks(null, null, 4), opened, later(opened, 600))).toBeNull();
    expect(counted(errors, looks(5, 6, 7), opened, later(opened, 59))).toBeNull();
  });
});
