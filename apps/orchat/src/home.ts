import { join, relative, sep } from 'node:path';

/** Where everything lies in a person's home. */
export interface Home {
  root: string;
  binary: string;
  config: string;
  settings: string;
  /** True when ORCHAT_CONFIG names the settings: such a file is used, but never converted by a mere start. */
  settingsElsewhere: boolean;
  backups: string;
  integrations: string;
  history: string;
  cache: string;
  lock: string;
  log: string;
  boot: string;
  bootCopies: string;
  metrics: string;
  scratch: string;
  quota: string;
  /** The name of the environment that this home is, as blue or green, where ORCHAT_ENV gives one. */
  environment: string | undefined;
}

export function homeOf(env: NodeJS.ProcessEnv): Home {
  const root = env.HOME || process.cwd();
  const config = join(root, '.config/orchat');
  const cache = join(root, '.cache/orchat');
  const scratch = join(cache, 'test');
  // In test mode whatever the features write goes to a scratch place, and a person's history stays as it is.
  const testing = Boolean(env.ORCHAT_TEST_MODE) && env.ORCHAT_TEST_MODE !== '0';
  return {
    root,
    binary: join(root, '.local/bin/orchat'),
    config,
    settings: env.ORCHAT_CONFIG || join(config, 'settings.json'),
    settingsElsewhere: Boolean(env.ORCHAT_CONFIG),
    backups: join(config, 'backups'),
    integrations: join(config, 'integrations'),
    history: testing ? join(scratch, 'history') : join(root, '.orchat_history'),
    cache,
    lock: join(cache, 'lock'),
    log: join(cache, 'logs/orchat.log'),
    boot: join(cache, 'boot.json'),
    bootCopies: join(cache, 'boot'),
    metrics: testing ? join(scratch, 'metrics') : join(cache, 'metrics'),
    scratch,
    quota: join(root, '.orchat_quota'),
    environment: env.ORCHAT_ENV || undefined,
  };
}

/** Whether a program lies where package managers put programs: apt and yay, then brew. */
export function isPackaged(program: string): boolean {
  return /^(\/usr|\/usr\/local|\/opt\/homebrew|\/home\/linuxbrew\/\.linuxbrew)\/bin\/orchat$/.test(program);
}

export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`);
}

/** The path as a person would write it. */
export function shown(home: Home, path: string): string {
  return isInside(home.root, path) ? `~/${relative(home.root, path)}` : path;
}
