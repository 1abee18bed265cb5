import { readFileSync } from 'node:fs';
import { parsePolicy } from './policy.js';

const problems = (text: string) => {
  const parsed = parsePolicy('policy.yaml', text);
  return 'problems' in parsed ? parsed.problems.map(({ line, field, says }) => `${line} ${field} ${says}`) : [];
};

it('reads the one of this catalogue to the last field', () => {
  expect(parsePolicy('policy.yaml', readFileSync('catalog/policy.yaml', 'utf8'))).toEqual({
    targets: { endOfLife: 'refuse', deprecated: 'warn', vetoed: 'refuse' },
    staging: { production: { env: 'production' }, evidence: 'refuse', maxAgeDays: 30 },
    checklist: { releaseNotes: 'refuse', usersNotified: 'refuse' },
    baseline: { ratio: 3, floorMs: 250 },
    monitoring: { hours: 48, observeSeconds: 60 },
    certification: {
      tiers: [
        { tier: 'platinum', cases: 1000, automatic: 'full', rollbackTested: true },
        { tier: 'gold', cases: 500, automatic: 'partial', rollbackTested: true },
        { tier: 'silver', cases: 200, automatic: 'manual', rollbackTested: true },
      ],
    },
  });
});

it('says null for what a file leaves out', () => {
  expect(parsePolicy('policy.yaml', 'targets: { deprecated: "off" }\nstaging:\n')).toMatchObject({
    targets: { endOfLife: null, deprecated: 'off', vetoed: null }, staging: { production: null, evidence: null, maxAgeDays: null },
    certification: { tiers: null },
  });
});

it.each<[string, string]>([
  ['targets: { end-of-life: no }', '1 targets.end-of-life must be one of refuse, warn, off'],
  ['targets: { eol: warn }', '1 targets.eol is not known here; known are end-of-life, deprecated, vetoed'],
  ['target: {}', '1 target is not known here; known are targets, staging, checklist, baseline, monitoring, certification'],
  ['staging:\n  max-age-days: 0', '2 staging.max-age-days must be a whole number from 1 to 3650'],
  ['staging:\n  production: {}', '2 staging.production must name at least one label'],
  ['staging:\n  production:\n    env: [a]', '3 staging.production.env must be a text'],
  ['baseline: { ratio: 0.5 }', '1 baseline.ratio must be a number from 1 to 100'],
  ['baseline: { ratio: fast }', '1 baseline.ratio must be a number from 1 to 100'],
  ['certification:\n  tiers:\n    - { tier: bronze, cases: 1, automatic: full, rollback-tested: true }', '3 certification.tiers[0].tier must be one of platinum, gold, silver'],
  ['certification:\n  tiers:\n    - { tier: gold, cases: 1, automatic: full }', '3 certification.tiers[0].rollback-tested must be true or false'],
  ['[]', '1  must be a map of targets, staging, checklist, baseline, monitoring, certification'],
])('names line and field of the mistake in %j', (text, told) => {
  expect(problems(text)).toContain(told);
});
