import { backupDigest, binaries, digest, planOf, proof, report } from '../../../../test/support/given.js';
import type { StepKind } from '../product/product.js';
import { detailOf, judge } from './judge.js';
import type { StepFacts } from './node.js';
import type { Passage, PlannedStep } from './passage.js';

const { plan } = planOf(['n-1']);
const route = plan.routes[0]!;
const node = { node: 'n-1', product: 'orchat' };
const data = { ...node, rollout: 'r-1', from: 'v0.6.0', to: 'v0.7.0' };
const backup = { name: 'pre-upgrade-r-1', sha256: backupDigest, bytes: 4096 };

/** An upgrade that has a backup and has claimed its install, unless said otherwise. */
const passage = (rules: Partial<Passage> = {}): Passage => ({
  kind: 'upgrade', rollout: 'r-1', procedure: null, wasAstray: null, planDigest: digest('d'), epoch: 1, from: 'v0.6.0', to: 'v0.7.0', route,
  waits: { acceptSeconds: 60, graceSeconds: 30 }, step: { at: 'none' }, changed: true, result: 'claimed', backup, baselineMs: null, measured: null,
  restored: null, stopping: null, ...rules,
});
const goingBack = (rules: Partial<Passage> = {}) => passage({ kind: 'rollback', from: 'v0.7.0', to: 'v0.6.0', ...rules });

function verdict(kind: StepKind, facts: StepFacts, where = passage(), rules: Parameters<typeof report>[1] = {}, planned: Partial<PlannedStep> = {}) {
  const step = { ...route.upgrade[0]!, kind, ...planned };
  return judge(node, where, step, report(facts, rules));
}

const bad = (reason: string, inconsistent = false, proven: unknown[] = []) => ({ good: false, reason, inconsistent, proven });
const versionSeen = (version: string) => ({ type: 'node.version-observed', data: { node: 'n-1', version, source: 'verification' } });
const healthSeen = (health: string) => ({ type: 'node.health-observed', data: { node: 'n-1', health, source: 'verification' } });

describe('a step is good when its evidence says so', () => {
  const checked = { needed: true, manual: [], fromSchema: '3', toSchema: '4' };
  const cases: [StepKind, StepFacts, Passage, unknown[]][] = [
    ['command', {}, passage(), []],
    ['system', { ok: true }, passage(), []],
    ['feature', { ok: true }, passage(), []],
    ['config', { valid: true }, passage(), []],
    ['health', { health: 'healthy' }, passage(), [healthSeen('healthy')]],
    ['version', { version: 'v0.7.0' }, passage(), [versionSeen('v0.7.0')]],
    ['version', { version: 'v0.6.0' }, goingBack(), [versionSeen('v0.6.0')]],
    ['backup', { ...backup }, passage({ backup: null }), [{ type: 'backup.created', data: { ...data, backup } }]],
    ['backup-check', { sha256: backupDigest }, passage(), [
      { type: 'backup.verified', data: { ...data, name: 'pre-upgrade-r-1', sha256: backupDigest } },
    ]],
    ['migration-check', { ...checked, fromSchema: 3, toSchema: 4 }, passage(), [{ type: 'migration.checked', data: { ...data, ...checked } }]],
    ['migration', { fromSchema: 'v3', toSchema: 4 }, passage(), [
      { type: 'migration.applied', data: { ...data, fromSchema: 'v3', toSchema: '4' } },
    ]],
    ['install', { sha256: binaries['v0.7.0'] }, passage(), [{ type: 'release.installed', data: { ...data, sha256: binaries['v0.7.0'] } }]],
    ['remove', {}, passage(), []],
    ['archive', { ...backup }, passage({ backup: null }), [{ type: 'backup.created', data: { ...data, backup } }]],
    ['validation', { suite: 'all', total: 9, passed: 8, failed: 0 }, passage(), [
      { type: 'validation.run', data: { ...data, phase: 'upgrade', suite: 'all', total: 9, passed: 8, failed: 0 } },
    ]],
    ['baseline', { medianMs: 40, runsMs: ['39.5', '40', '71'] }, passage({ changed: false }), [
      { type: 'baseline.measured', data: { ...data, phase: 'upgrade', when: 'before', medianMs: 40, runs: [39.5, 40, 71], beforeMs: null } },
    ]],
    ['restore', { sha256: backupDigest, matches: true }, goingBack(), [{
      type: 'backup.restored',
      data: { ...data, from: 'v0.7.0', to: 'v0.6.0', name: 'pre-upgrade-r-1', sha256: backupDigest, equalsBackup: true },
    }]],
  ];
  it.each(cases)('%s: %j', (kind, facts, where, proven) => {
    expect(verdict(kind, facts, where)).toEqual({ good: true, proven });
  });

  it('of every kind there is but a review, which is about what the step said', () => {
    expect(new Set(cases.map(([kind]) => kind)).size).toBe(16);
  });
});

describe('missing evidence never counts as good', () => {
  it.each<[StepKind, string]>([
    ['system', 'ok'], ['feature', 'ok'], ['config', 'valid'], ['health', 'health'], ['version', 'version'], ['backup', 'name'],
    ['backup', 'sha256'], ['backup', 'bytes'], ['backup-check', 'sha256'], ['migration-check', 'needed'], ['migration-check', 'manual'],
    ['migration-check', 'fromSchema'], ['migration-check', 'toSchema'], ['migration', 'fromSchema'], ['migration', 'toSchema'],
    ['install', 'sha256'], ['restore', 'sha256'], ['restore', 'matches'], ['archive', 'name'], ['archive', 'sha256'], ['archive', 'bytes'],
    ['validation', 'suite'], ['validation', 'total'], ['validation', 'passed'], ['validation', 'failed'], ['baseline', 'medianMs'], ['baseline', 'runsMs'],
  ])('%s without %s', (kind, lacking) => {
    const where = kind === 'restore' ? goingBack() : passage({ changed: kind !== 'baseline' });
    const facts = proof(kind, where.to);
    expect(verdict(kind, facts, where).good).toBe(true);
    const { [lacking]: _, ...rest } = facts;
    expect(verdict(kind, rest, where)).toEqual(bad('evidence-missing'));
  });

  it.each<[StepKind, StepFacts]>([
    ['version', { version: '' }], ['version', { version: 7 }], ['version', { version: 'latest' }], ['version', { version: 'v0.7.0 (build 3)' }],
    ['health', { health: 'fine' }], ['health', { health: 'unknown' }], ['health', { health: true }],
    ['backup', { ...backup, bytes: 0 }], ['backup', { ...backup, bytes: '4096' }], ['backup', { ...backup, sha256: 'b'.repeat(63) }],
    ['backup', { ...backup, name: '' }], ['backup-check', { sha256: backupDigest.toUpperCase() }], ['install', { sha256: 'unknown' }],
    ['migration-check', { ...proof('migration-check', ''), needed: 'yes' }], ['migration-check', { ...proof('migration-check', ''), manual: 'none' }],
    ['migration', { fromSchema: true, toSchema: 4 }], ['migration', { fromSchema: 3, toSchema: '' }],
    ['restore', { sha256: backupDigest, matches: 'true' }], ['validation', { suite: '', total: 1, passed: 1, failed: 0 }],
    ['validation', { suite: 'all', total: '1', passed: 1, failed: 0 }], ['validation', { suite: 'all', total: 1.5, passed: 1, failed: 0 }],
    ['validation', { suite: 'all', total: 1, passed: 2, failed: -1 }], ['validation', { suite: 'all', total: 1, passed: 1, failed: 1 }],
    ['baseline', { medianMs: 0, runsMs: ['1'] }], ['baseline', { medianMs: 1, runsMs: [] }], ['baseline', { medianMs: 1, runsMs: ['soon'] }],
  ])('nor does evidence that cannot be read: %s %j', (kind, facts) => {
    expect(verdict(kind, facts, kind === 'restore' ? goingBack() : passage())).toEqual(bad('evidence-missing'));
  });

  it('nor the check of a backup that was never made', () => {
    expect(verdict('backup-check', { sha256: backupDigest }, passage({ backup: null }))).toEqual(bad('evidence-missing'));
  });
});

describe('bad evidence makes a step bad', () => {
  it.each<[StepKind, StepFacts, string]>([
    ['system', { ok: false }, 'system-unfit'], ['system', { ok: 'true' }, 'system-unfit'], ['feature', { ok: false }, 'feature-broken'],
    ['config', { valid: false }, 'config-invalid'],
  ])('%s %j', (kind, facts, reason) => {
    expect(verdict(kind, facts)).toEqual(bad(reason));
  });

  it('and what it measured is known all the same', () => {
    expect(verdict('health', { health: 'degraded' })).toEqual(bad('unhealthy', false, [healthSeen('degraded')]));
    const manual = { needed: true, manual: ['custom metrics'], fromSchema: 3, toSchema: 4 };
    const checked = { ...data, needed: true, manual: ['custom metrics'], fromSchema: '3', toSchema: '4' };
    expect(verdict('migration-check', manual)).toEqual(bad('manual-care-needed', false, [{ type: 'migration.checked', data: checked }]));
  });

  it('another version is a wrong start before the install, and a contradiction once the install was claimed', () => {
    const seen = [versionSeen('v0.6.0')];
    expect(verdict('version', { version: 'v0.6.0' }, passage({ result: 'commanded' }))).toEqual(bad('version-mismatch', false, seen));
    expect(verdict('version', { version: 'v0.6.0' })).toEqual(bad('version-mismatch', true, seen));
    // The command that measured it may itself have ended badly: the claim stays contradicted.
    const failed = { outcome: 'failed', reason: 'output-unexpected', exit: 1 } as const;
    expect(verdict('version', { version: 'v0.6.0' }, passage(), failed)).toEqual(bad('version-mismatch', true, seen));
    expect(verdict('version', { version: 'v0.7.0 (build 3)' }, passage(), failed)).toEqual(bad('output-unexpected'));
  });
});

describe('a validation suite', () => {
  const run = (facts: object) => ({ type: 'validation.run', data: { ...data, phase: 'upgrade', suite: 'all', ...facts } });

  it.each([[0, 0, 0], [3, 0, 0], [3, 2, 1], [3, 0, 3]])('of %i with %i passed and %i failed is no success, and is known all the same', (total, passed, failed) => {
    const facts = { total, passed, failed };
    expect(verdict('validation', { suite: 'all', ...facts })).toEqual(bad('validation-failed', false, [run(facts)]));
  });

  it('whose command failed is no success, whatever it counted', () => {
    const facts = { total: 3, passed: 3, failed: 0 };
    expect(verdict('validation', { suite: 'all', ...facts }, passage(), { outcome: 'failed', reason: 'exit-code' })).toEqual(bad('exit-code', false, [run(facts)]));
  });
});

describe('a baseline after the change', () => {
  const after = (medianMs: number, baselineMs: number | null, rules: Partial<Passage> = {}) => {
    const where = passage({ baselineMs, ...rules });
    return verdict('baseline', { medianMs, runsMs: [String(medianMs)] }, where);
  };
  const measured = (medianMs: number, beforeMs: number | null, rules: object = {}) => ({
    type: 'baseline.measured', data: { ...data, phase: 'upgrade', when: 'after', medianMs, runs: [medianMs], beforeMs, ...rules },
  });

  it.each([[300, 100], [250, 10], [90, 100], [749.5, 250]])('of %d ms is good after %d ms before', (now, then) => {
    expect(after(now, then)).toEqual({ good: true, proven: [measured(now, then)] });
  });

  it.each([[301, 100], [251, 10]])('of %d ms is slower than %d ms before', (now, then) => {
    expect(after(now, then)).toEqual(bad('slower-than-before', false, [measured(now, then)]));
  });

  it('goes by the limits of the plan', () => {
    const strict = { route: { ...route, limits: { baselineRatio: 1.1, baselineFloorMs: 5 } } };
    expect(after(111, 100, strict)).toMatchObject({ good: false, reason: 'slower-than-before' });
    expect(after(109, 100, strict).good).toBe(true);
  });

  it('without one before is no evidence', () => {
    expect(after(10, null)).toEqual(bad('evidence-missing', false, [measured(10, null)]));
  });

  it('of a node that went back is compared with what it was before its upgrade', () => {
    const back = { from: 'v0.7.0', to: 'v0.6.0', phase: 'rollback' };
    expect(verdict('baseline', { medianMs: 400, runsMs: ['400'] }, goingBack({ changed: false, baselineMs: 100 }))).toEqual(
      bad('slower-than-before', false, [measured(400, 100, back)]),
    );
  });
});

describe('a review', () => {
  const output = { sha256: digest('a'), bytes: 12, truncated: false };

  it('is about what the step said; without that there is nothing to decide on', () => {
    expect(verdict('review', {}, passage(), { output })).toEqual({ good: true, proven: [] });
    expect(verdict('review', {})).toEqual(bad('evidence-missing'));
    expect(verdict('review', {}, passage(), { output, outcome: 'failed', reason: 'exit-code' })).toEqual(bad('exit-code'));
  });
});

describe('an install of another artifact than the first', () => {
  it('is held to its own digest, and does not put the release in place', () => {
    const installer = { sha256: digest('e') };
    expect(verdict('install', { sha256: digest('e') }, passage(), {}, installer)).toEqual({ good: true, proven: [] });
    expect(verdict('install', { sha256: binaries['v0.7.0'] }, passage(), {}, installer)).toEqual(bad('artifact-differs', true));
  });
});

describe('on a way of several legs', () => {
  const legs = [{ ...route.legs[0]!, to: 'v0.6.5', values: { ...route.legs[0]!.values, sha256: digest('5') } }, route.legs[0]!];
  const where = passage({ route: { ...route, legs } });

  it('a step finds the version and the artifact of its leg', () => {
    expect(verdict('version', { version: 'v0.6.5' }, where, {}, { leg: 0 }).good).toBe(true);
    expect(verdict('version', { version: 'v0.7.0' }, where, {}, { leg: 0 })).toMatchObject({ reason: 'version-mismatch' });
    expect(verdict('version', { version: 'v0.7.0' }, where, {}, { leg: 1 }).good).toBe(true);
    expect(verdict('install', { sha256: digest('5') }, where, {}, { leg: 0 })).toMatchObject({ good: true, proven: [{ type: 'release.installed' }] });
    expect(verdict('install', { sha256: digest('5') }, where, {}, { leg: 1 })).toMatchObject({ reason: 'artifact-differs' });
  });

  it('going back finds the version that the node came from', () => {
    expect(verdict('version', { version: 'v0.6.0' }, goingBack({ route: { ...route, legs } }), {}, { leg: 0 }).good).toBe(true);
  });
});

describe('evidence that contradicts the claim is inconsistent', () => {
  it('a backup under another name', () => {
    expect(verdict('backup', { ...backup, name: 'nightly' })).toEqual(bad('backup-other-name', true));
  });

  it('a backup that is not the one that was made', () => {
    expect(verdict('backup-check', { sha256: digest('c') })).toEqual(bad('backup-differs', true));
  });

  it('an artifact that is not the planned one, on the way there and back', () => {
    expect(verdict('install', { sha256: binaries['v0.6.0'] })).toEqual(bad('artifact-differs', true));
    expect(verdict('install', { sha256: binaries['v0.6.0'] }, goingBack()).good).toBe(true);
    expect(verdict('install', { sha256: binaries['v0.7.0'] }, goingBack())).toEqual(bad('artifact-differs', true));
  });

  it.each<[StepFacts, Partial<Passage>, boolean]>([
    [{ sha256: backupDigest, matches: true }, {}, true],
    [{ sha256: backupDigest, matches: false }, {}, false],
    [{ sha256: digest('c'), matches: true }, {}, false],
    // Where the ledger knows of no backup, only the product can say what it restored.
    [{ sha256: digest('c'), matches: true }, { backup: null }, true],
    [{ sha256: digest('c'), matches: false }, { backup: null }, false],
  ])('what was restored, %j against %j', (facts, rules, equalsBackup) => {
    const where = goingBack(rules);
    const restored = { ...data, from: 'v0.7.0', to: 'v0.6.0', name: 'pre-upgrade-r-1', sha256: facts['sha256'], equalsBackup };
    const proven = [{ type: 'backup.restored', data: restored }];
    expect(verdict('restore', facts, where)).toEqual(equalsBackup ? { good: true, proven } : bad('restore-differs', true, proven));
  });
});

describe('a step that did not succeed', () => {
  const outcomes = ['failed', 'timed-out', 'interrupted', 'refused'] as const;

  it.each(outcomes)('is bad when it %s, whatever good evidence came along', (outcome) => {
    for (const kind of ['system', 'install', 'command', 'backup'] as const) {
      const facts = proof(kind, 'v0.7.0');
      expect(verdict(kind, facts, passage(), { outcome, reason: 'exit-code' })).toEqual(bad('exit-code'));
    }
    expect(verdict('health', { health: 'healthy' }, passage(), { outcome })).toEqual(bad(outcome, false, [healthSeen('healthy')]));
    expect(verdict('version', { version: 'v0.7.0' }, passage(), { outcome })).toEqual(bad(outcome, false, [versionSeen('v0.7.0')]));
  });

  it('is told by what was measured rather than by how its command ended', () => {
    const failed = { outcome: 'failed', reason: 'exit-code', exit: 1 } as const;
    expect(verdict('health', { health: 'unhealthy' }, passage(), failed)).toEqual(bad('unhealthy', false, [healthSeen('unhealthy')]));
    expect(verdict('config', { valid: false }, passage(), failed)).toEqual(bad('config-invalid'));
    expect(verdict('config', {}, passage(), failed)).toEqual(bad('exit-code'));
    expect(verdict('restore', { sha256: backupDigest, matches: false }, goingBack(), failed)).toEqual(bad('restore-differs'));
  });
});

describe('what the product says is wrong', () => {
  it.each<[StepFacts, string | null]>([
    [{ problems: ['disk full', 'no key'], message: 'failed' }, 'disk full; no key'],
    [{ problems: [], message: 'failed' }, 'failed'],
    [{ message: '' }, null],
    [{ message: 7 }, null],
    [{ problems: 'disk full' }, null],
    [{}, null],
  ])('%j', (facts, detail) => {
    expect(detailOf(report(facts))).toBe(detail);
  });

  it('is cut to what an event should hold', () => {
    expect(detailOf(report({ message: 'x'.repeat(1_000) }))).toBe('x'.repeat(300));
    expect(detailOf(report({ message: `${'x'.repeat(299)}❌❌` }))).toBe(`${'x'.repeat(299)}❌`);
    expect(detailOf(report({ message: `${'x'.repeat(299)}🔥🔥` }))).toBe('x'.repeat(299));
  });
});
