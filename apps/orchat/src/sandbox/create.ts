import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { encodeHistory } from '../history/format.js';
import { homeOf } from '../home.js';
import { usedBytes } from '../quota.js';
import { releases as known } from '../releases.js';

export interface SandboxWish {
  home: string;
  version: string;
  /** The folder that the releases were built into. */
  releases: string;
  historyLines: number;
  config: string | undefined;
  quotaLeft: number | undefined;
  pinBoot: boolean;
}

export interface Sandbox {
  home: string;
  release: string;
  created: boolean;
  sha256: string;
  usedBytes: number;
  quotaBytes: number | null;
}

/** Makes a home under a draft name and renames it, so that a half-made one is never taken for a node. */
export function createSandbox(wish: SandboxWish): Sandbox {
  const home = resolve(wish.home);
  if (existsSync(homeOf({ HOME: home }).binary)) return describe(home, wish.version, false);
  const foreign = existsSync(home) && readdirSync(home).length > 0;
  if (foreign) throw new Error(`${home} exists and is no orchat home`);
  const artifact = join(wish.releases, wish.version, 'orchat');
  if (!existsSync(artifact)) throw new Error(`${artifact} is missing; build the releases first`);
  const draft = `${home}.${process.pid}.draft`;
  try {
    mkdirSync(draft, { recursive: true, mode: 0o700 });
    furnish(draft, home, artifact, wish);
    renameSync(draft, home);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return describe(home, wish.version, true);
}

function furnish(draft: string, home: string, artifact: string, wish: SandboxWish): void {
  const place = homeOf({ HOME: draft });
  const release = known.find(({ version }) => version === wish.version);
  if (release === undefined) throw new Error(`${wish.version} is no known release`);
  install(artifact, place.binary);
  setUp(draft, place.binary);
  if (wish.config !== undefined) copyFileSync(wish.config, place.settings);
  if (wish.historyLines > 0) {
    const past = encodeHistory(pastPrompts(wish.historyLines), release.history);
    writeFileSync(place.history, past, { mode: 0o600 });
  }
  if (wish.pinBoot) {
    const copy = join(place.bootCopies, wish.version, 'orchat');
    install(artifact, copy);
    const file = copy.replace(draft, home);
    writeFileSync(place.boot, `${JSON.stringify({ release: wish.version, file, pinned: true })}\n`);
  }
  if (wish.quotaLeft !== undefined) setQuota(place.quota, draft, wish.quotaLeft);
}

function install(artifact: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(artifact, to);
  chmodSync(to, 0o755);
}

/** The release writes its own settings and key, as it would for a person. */
function setUp(home: string, binary: string): void {
  const env = { PATH: process.env.PATH, HOME: home, ORCHAT_API_KEY: 'sandbox-key-0123456789abcdef' };
  const args = [binary, '--setup', '--json'];
  const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`orchat --setup failed: ${stderr}`);
}

const questions = ['Summarise the minutes', 'Draft a reply', 'Explain this error', 'Translate the notice'];

function pastPrompts(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    at: new Date(Date.UTC(2026, 0, 1, 8) + index * 900_000).toISOString(),
    prompt: `${questions[index % questions.length]} (${index + 1})`,
    answer: null,
  }));
}

/** The quota counts its own file too, whose length depends on the number in it. */
function setQuota(path: string, home: string, left: number): void {
  const before = usedBytes(home);
  let limit = before + left;
  while (limit !== before + left + `${limit}\n`.length) limit = before + left + `${limit}\n`.length;
  writeFileSync(path, `${limit}\n`);
}

function describe(home: string, release: string, created: boolean): Sandbox {
  const { binary, quota } = homeOf({ HOME: home });
  return {
    home,
    release,
    created,
    sha256: createHash('sha256').update(readFileSync(binary)).digest('hex'),
    usedBytes: usedBytes(home),
    quotaBytes: existsSync(quota) ? Number(readFileSync(quota, 'utf8')) : null,
  };
}
