import { dirname } from 'node:path';
import { homeOf } from '../home.js';
import { misuse } from '../refusal.js';
import { type Release, isNewer, releaseNamed } from '../releases.js';
import { type Given, runTool } from '../tool.js';
import { install } from './install.js';
import type { Source } from './source.js';
import { testUpgrade } from './test-upgrade.js';

/** Set by the build: the release that this installer came with, its program, and the digests of it and those before it. */
declare const ORCHAT_RELEASE: Release;
declare const ORCHAT_PROGRAM: string;
declare const ORCHAT_DIGESTS: Record<string, string>;

const usage = `install [--upgrade | --test-upgrade] [--version=VERSION] [--force] [--json]

Puts orchat ${ORCHAT_RELEASE.version}, which it carries, in place as ~/.local/bin/orchat. Another release is fetched from where this
installer came from, the folder beside its own; with ORCHAT_MIRROR, a folder or an http(s) address that holds
VERSION/orchat, every release is fetched from there. It replaces the old program in a single move, and only when its
digest is the one that this installer knows.

  --upgrade           only where orchat is installed already; settings are converted with it
  --test-upgrade      try the upgrade on a copy of this installation, which itself stays as it is
  --version=VERSION   that release instead, this one or an older one
  --force             also when it is installed already; clears the boot cache

Exit codes
  0  the release is in place and its settings are converted
  1  refused or failed; what was installed before is in place
  2  the command line was not understood
  3  the release is in place, and its settings wait for a person
`;

const options = {
  upgrade: { type: 'boolean' },
  'test-upgrade': { type: 'boolean' },
  version: { type: 'string' },
  force: { type: 'boolean' },
} as const;

function target(given: Given): Release {
  const wish = given.version;
  if (typeof wish !== 'string') return ORCHAT_RELEASE;
  const release = releaseNamed(wish);
  if (release && !isNewer(release, ORCHAT_RELEASE)) return release;
  throw misuse(`--version ${wish} is unknown to the installer of ${ORCHAT_RELEASE.version}: it knows ${Object.keys(ORCHAT_DIGESTS).join(', ')}`);
}

void runTool('install', usage, options, async (given) => {
  const release = target(given);
  const [upgrade, test, force] = [given.upgrade === true, given['test-upgrade'] === true, given.force === true];
  if (upgrade && test) throw misuse('--upgrade and --test-upgrade exclude each other');
  const sha256 = ORCHAT_DIGESTS[release.version]!;
  const source: Source = { mirror: process.env.ORCHAT_MIRROR, beside: dirname(process.argv[1]!), carried: { version: ORCHAT_RELEASE.version, program: ORCHAT_PROGRAM } };
  const home = homeOf(process.env);
  return test ? testUpgrade({ home, release, sha256, source }) : install({ home, release, sha256, source, upgrade, force });
});
