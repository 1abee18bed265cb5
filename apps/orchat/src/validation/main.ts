import { homeOf } from '../home.js';
import { misuse } from '../refusal.js';
import type { Release } from '../releases.js';
import { runTool } from '../tool.js';
import type { Suite } from './check.js';
import { groups, quick, runSuite } from './suite.js';

/** Set by the build: the release that this suite came with, and the digest of its program. */
declare const ORCHAT_RELEASE: Release;
declare const ORCHAT_DIGESTS: Record<string, string>;

const usage = `run-all [--quick | --only=GROUP] [--json]

Validates the installed orchat ${ORCHAT_RELEASE.version} by what it really does: on the installation itself where a check only
looks, on a copy of it elsewhere where a check would change something.

  --quick        ${quick.join(' and ')} alone
  --only=GROUP   one of ${groups.join(', ')}

Exit codes
  0  every check passed
  1  at least one failed
  2  the command line was not understood
`;

void runTool('run-all', usage, { only: { type: 'string' }, quick: { type: 'boolean' } }, (given) => {
  const only = given.only;
  const group = groups.find((one) => one === only);
  if (only !== undefined && group === undefined) throw misuse(`--only ${String(only)} is unknown; known are ${groups.join(', ')}`);
  if (group !== undefined && given.quick === true) throw misuse('--quick and --only exclude each other');
  const suite: Suite = { home: homeOf({ HOME: process.env.HOME }), release: ORCHAT_RELEASE, sha256: ORCHAT_DIGESTS[ORCHAT_RELEASE.version]! };
  const checks = runSuite(suite, given.quick === true ? quick : group === undefined ? groups : [group]);
  const failed = checks.filter(({ ok }) => !ok);
  const [total, passed] = [checks.length, checks.length - failed.length];
  const part = given.quick === true ? 'quick' : group;
  const name = part === undefined ? 'orchat-validation' : `orchat-validation/${part}`;
  return {
    exit: failed.length === 0 ? 0 : 1,
    facts: { suite: name, version: ORCHAT_RELEASE.version, total, passed, failed: failed.length, problems: failed.map((one) => `${one.name}: ${one.message}`), checks },
    lines: [
      ...checks.map(({ ok, name: check, message }) => `${ok ? 'ok  ' : 'FAIL'}  ${check}  ${message}`),
      `${failed.length === 0 ? '✅' : '❌'} ${passed} of ${total} passed`,
    ],
  };
});
