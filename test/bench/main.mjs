import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Ground } from './ground.mjs';
import { Report } from './report.mjs';

/** Each module has `about`, a line for people, and `run(ground, report)`. */
const benches = {
  append: () => import('./append/append.mjs'),
  rebuild: () => import('./rebuild/rebuild.mjs'),
  publish: () => import('./publish/publish.mjs'),
  fleet: () => import('./fleet/fleet.mjs'),
  http: () => import('./http/http.mjs'),
  memory: () => import('./memory/memory.mjs'),
};
const exit = { done: 0, failed: 1, usage: 2 };

async function main() {
  const asked = readArguments();
  if (typeof asked === 'string') return usage(asked);
  const { name, json, quick } = asked;
  if (name === undefined) return list();
  if (!Object.hasOwn(benches, name)) return usage(`there is no bench ${name}; there are: ${Object.keys(benches).join(', ')}`);
  const { about, run } = await benches[name]();
  const ground = new Ground({ quick, say: (text) => process.stderr.write(`${text}\n`) });
  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]]) {
    process.once(signal, () => void ground.end().then(() => process.exit(code)));
  }
  const report = new Report(name);
  try {
    await run(ground, report);
  } catch (error) {
    if (ground.ending) return new Promise(() => undefined);
    process.stderr.write(`bench ${name}: ${error.stack}\n`);
    return exit.failed;
  } finally {
    await ground.end();
  }
  const machine = { cores: cpus().length, node: process.versions.node, postgres: ground.postgresVersion ?? null };
  process.stdout.write(json ? `${JSON.stringify({ ...report.asJson(), machine })}\n` : report.asText(about, machine));
  return exit.done;
}

function readArguments() {
  try {
    const options = { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } };
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    return positionals.length > 1 ? 'one bench at a time' : { name: positionals[0], ...values };
  } catch (error) {
    return error.message.split('\n')[0];
  }
}

function usage(says) {
  process.stderr.write(`bench: ${says}\n`);
  return exit.usage;
}

async function list() {
  process.stderr.write('npm run bench -- NAME [--json] [--quick]    docs/benchmarks.md says what each figure means\n\n');
  for (const [name, load] of Object.entries(benches)) process.stderr.write(`  ${name.padEnd(8)} ${(await load()).about}\n`);
  process.stderr.write('\n--json ends with one line of JSON; --quick runs on next to nothing, to see that it runs.\n');
  return exit.usage;
}

process.exitCode = await main();
