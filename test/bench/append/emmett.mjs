import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { root } from '../ground.mjs';

const folder = join(root, 'test/bench/emmett');
const name = '@event-driven-io/emmett-postgresql';
/** More connections made it slower on two cores, fewer too. */
const connections = 10;

/** Emmett's event store in the same database; undefined where it cannot be had. It is installed on demand and is no dependency. */
export async function openEmmett(ground, url) {
  if (!isInstalled() && !install(ground)) return undefined;
  const main = createRequire(join(folder, 'package.json')).resolve(name);
  const { getPostgreSQLEventStore } = await import(pathToFileURL(main).href);
  const pool = new pg.Pool({ connectionString: url, max: connections });
  ground.onEnd(() => pool.end());
  const store = getPostgreSQLEventStore(url, { connectionOptions: { pool }, schema: { autoMigration: 'None' } });
  await store.schema.migrate();
  return {
    name: 'emmett',
    async append({ stream, version, event, command, actor, correlation, causation }) {
      const { type, data, occurredAt } = event;
      const message = { type, data, metadata: { actor, command, correlation, causation, occurredAt } };
      await store.appendToStream(stream, [message], version === 0 ? {} : { expectedStreamVersion: BigInt(version) });
    },
  };
}

function isInstalled() {
  const wanted = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).dependencies[name];
  const manifest = join(folder, 'node_modules', name, 'package.json');
  // npm writes this file last, so it is missing after an interrupted install.
  return existsSync(join(folder, 'node_modules/.package-lock.json')) && existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === wanted;
}

function install(ground) {
  ground.say('Installing Emmett for the comparison (npm ci in test/bench/emmett) ...');
  const npm = process.env.npm_execpath;
  const [command, prefix] = npm ? [process.execPath, [npm]] : ['npm', []];
  const { status } = spawnSync(command, [...prefix, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, stdio: ['ignore', 2, 2] });
  if (status !== 0) ground.say('Emmett could not be installed: the figures come without it.');
  return status === 0;
}
