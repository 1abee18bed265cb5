import { existsSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { homeOf, shown } from '../home.js';
import { withLock } from '../lock.js';
import { requireWritable } from '../permissions.js';
import { runTool } from '../tool.js';

const usage = `uninstall [--json]

Removes the program, its settings, its key and its cache. The history, the logs and the backups stay, and so does
everything in ~/.config/orchat that orchat did not write.

Exit codes
  0  removed, or nothing was installed
  1  refused or failed
  2  the command line was not understood
`;

const own = /^(settings(\.[\w.]+)?\.json|config)$/;

function remains(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).length > 0;
}

void runTool('uninstall', usage, {}, async () => {
  const home = homeOf({ HOME: process.env.HOME });
  const written = existsSync(home.config) ? readdirSync(home.config).filter((name) => own.test(name)) : [];
  const cached = existsSync(home.cache) ? readdirSync(home.cache).filter((name) => name !== 'logs' && !name.startsWith('lock')) : [];
  const doomed = [
    home.binary, join(home.config, 'secure', 'key.enc'),
    ...written.map((name) => join(home.config, name)), ...cached.map((name) => join(home.cache, name)),
  ].filter((path) => existsSync(path));
  for (const path of doomed) requireWritable(home, path);
  const work = () => {
    for (const path of doomed) rmSync(path, { recursive: true, force: true });
    for (const folder of [join(home.config, 'secure'), home.config]) if (existsSync(folder) && !remains(folder)) rmdirSync(folder);
    return Promise.resolve();
  };
  if (doomed.length > 0) await withLock(home, work);
  const kept = [home.history, `${home.history}.format1`, join(home.cache, 'logs'), home.config].filter((path) => existsSync(path));
  const tell = (paths: string[]) => paths.map((path) => shown(home, path));
  return {
    exit: 0,
    facts: { removed: tell(doomed), kept: tell(kept), changed: doomed.length > 0 },
    lines: [
      ...tell(doomed).map((path) => `removed  ${path}`), ...tell(kept).map((path) => `kept     ${path}`),
      doomed.length > 0 ? '✅ orchat is uninstalled' : '✅ nothing was installed',
    ],
  };
});
