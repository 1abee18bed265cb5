import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Ground } from './ground.mjs';
import { Report } from './report.mjs';

/** What each measures, for people, and its module, which has `run(ground, report)`. */
const benches = {
  append: {
    about: 'single-event appends from many callers, against Emmett and against a bare batched insert',
    load: () => import('./append/append.mjs'),
  },
  rebuild: {
    about: 'projections rebuilt from the ledger, against a bare read of the same pages',
    load: () => import('./rebuild/rebuild.mjs'),
  },
  publish: {
    about: 'events from the ledger over Kafka to a consumer, against the same records sent bare',
    load: () => import('./publish/publish.mjs'),
  },
  fleet: {
    about: 'orders to 1,000 and 10,000 simulated nodes through api and worker, from the start to the last acknowledgement',
    load: () => import('./fleet/fleet.mjs'),
  },
  http: {
    about: 'commands and reads over HTTP against a real api process, from 1, 10 and 50 connections',
    load: () => import('./http/http.mjs'),
  },
  memory: {
    about: 'memory of api, worker and an agent with four nodes, idle and after a rollout; and how soon the agent is ready',
    load: () => import('./memory/memory.mjs'),
  },
};
const exit = { done: 0, failed: 1, usage: 2 };

async function main() {
  const asked = readArguments();
  if (typeof asked === 'string') return usage(asked);
  const { name, json, quick } = asked;
  if (name === undefined) return list();
  if (!Object.hasOwn(benches, name)) return usage(`there is no bench ${name}; there are: ${Object.keys(benches).join(', ')}`);
  const { about, load } = benches[name];
  const { run } = await load();
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

function list() {
  process.stderr.write('npm run bench -- NAME [--json] [--quick]    docs/benchmarks.md says what each figure means\n\n');
  for (const [name, { about }] of Object.entries(benches)) process.stderr.write(`  ${name.padEnd(8)} ${about}\n`);
  process.stderr.write('\n--json ends with one line of JSON; --quick runs on next to nothing, to see that it runs.\n');
  return exit.usage;
}

process.exitCode = await main();
