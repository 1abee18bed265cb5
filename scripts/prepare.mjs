#!/usr/bin/env node
// Makes a checkout ready to run with nothing but Node and npm: installs what the lock file says, builds what changed.
// Built-in modules only: this runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const dist = join(root, 'dist');
const installedStamp = join(modules, '.rollbook-installed');
const builtStamp = join(dist, '.rollbook-built');
const lockDir = join(root, '.rollbook-prepare.lock');
const lockWaitSeconds = 300;

/** Installs and builds what is missing or stale. Returns true when anything was done. */
export async function prepare({ force = false, say = (text) => process.stderr.write(`${text}\n`) } = {}) {
  requireNode();
  return withLock(say, async () => {
    const installed = install(say);
    const built = await build(say, force || installed);
    return installed || built;
  });
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Error(`Rollbook needs Node 20.19 or newer; this is ${process.versions.node}. Install a newer Node and try again.`);
}

function install(say) {
  const wanted = sha256(readFileSync(join(root, 'package-lock.json')));
  // npm writes this file last, so it is missing after an interrupted install.
  const complete = existsSync(join(modules, '.package-lock.json'));
  if (complete && read(installedStamp) === wanted) return false;
  say('Installing dependencies (npm ci) ...');
  const npm = process.env.npm_execpath;
  const [command, prefix] = npm ? [process.execPath, [npm]] : ['npm', []];
  // A production NODE_ENV would leave out the build tools.
  run(command, [...prefix, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], 'npm ci');
  writeFileSync(installedStamp, wanted);
  return true;
}

async function build(say, force) {
  const wanted = sourcesDigest();
  if (!force && read(builtStamp) === wanted) return false;
  say('Building ...');
  rmSync(dist, { recursive: true, force: true });
  run(process.execPath, [join(modules, '@swc/cli/bin/swc.js'), 'apps', 'libs', '-d', 'dist', '--copy-files', '--quiet'], 'swc');
  const releases = join(root, 'apps/orchat/build-releases.mjs');
  if (existsSync(releases)) await (await import(pathToFileURL(releases).href)).buildReleases(join(dist, 'orchat'));
  writeFileSync(builtStamp, wanted);
  return true;
}

function sourcesDigest() {
  const hash = createHash('sha256');
  for (const file of ['.swcrc', 'package.json']) hash.update(readFileSync(join(root, file)));
  for (const folder of ['apps', 'libs']) addTree(hash, join(root, folder));
  return hash.digest('hex');
}

function addTree(hash, folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) addTree(hash, path);
    else hash.update(`${path}\0`).update(readFileSync(path));
  }
}

async function withLock(say, work) {
  for (let waited = 0; ; waited++) {
    try {
      mkdirSync(lockDir);
      break;
    } catch {
      const holder = Number(read(join(lockDir, 'pid')));
      if (!alive(holder) && ageSeconds(lockDir) > 2) {
        rmSync(lockDir, { recursive: true, force: true });
        continue;
      }
      if (waited === 0) say(`Waiting for another preparation of this checkout (process ${holder}) ...`);
      if (waited >= lockWaitSeconds) throw new Error(`${lockDir} is still held by process ${holder}. Remove it if that process is gone.`);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
  try {
    writeFileSync(join(lockDir, 'pid'), String(process.pid));
    return await work();
  } finally {
    rmSync(lockDir, { recursive: true, force: true });
  }
}

function alive(pid) {
  if (!pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function ageSeconds(path) {
  try {
    return (Date.now() - statSync(path).mtimeMs) / 1000;
  } catch {
    return 0;
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function run(command, args, name) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.error) throw new Error(`${name} could not be started: ${result.error.message}`);
  if (result.status !== 0) throw new Error(`${name} failed with exit code ${result.status ?? result.signal}; see its output above.`);
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

if (process.argv[1] && pathToFileURL(process.argv[1]).href === import.meta.url) {
  prepare({ force: process.argv.includes('--force') }).catch((error) => {
    process.stderr.write(`rollbook: ${error.message}\n`);
    process.exit(1);
  });
}
