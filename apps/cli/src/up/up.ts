import type { Command } from 'commander';
import { causeChain, exitCodes, freePort, jsonLogger, pause, portIsFree, systemClock } from '#platform';
import { appendFileSync } from 'node:fs';
import { keptFile, verify } from '../commands/ledger.js';
import type { ApiClient } from '../client.js';
import type { Context } from '../context.js';
import { Exit, refused } from '../exit.js';
import { paint } from '../render/style.js';
import type { RolloutView } from '../views.js';
import { prepareDatabase } from './ground.js';
import type { DatabaseGround } from './ground.js';
import { Home } from './home.js';
import { Sandboxes } from './sandboxes.js';
import { Services } from './services.js';
import { awaitNodes, followUnfinished, tellStory } from './story.js';

const nodesLimitMs = 60_000;
const databaseLimitMs = 3_500;
const say = (text: string) => process.stdout.write(`${text}\n`);

export function upCommand(program: Command, context: () => Context): void {
  program
    .command('up')
    .description('all of Rollbook on this machine, with sandbox nodes; what npm start runs. Ctrl-C ends it')
    .option('--demo', 'tells the story of the first start again, on four new nodes')
    .option('--no-story', 'serves only, also at the first start')
    .action(async ({ demo = false, story = true }: { demo?: boolean; story?: boolean }) => {
      await new Machine(context()).run({ demo, story });
    });
}

/** One machine's Rollbook: what was started, so that all of it can be ended, however far it came. */
class Machine {
  private readonly home: Home;
  private database: Promise<DatabaseGround> | undefined;
  private services: Services | undefined;
  private ending: Promise<void> | undefined;
  private readonly stopping = new AbortController();

  constructor(private readonly context: Context) {
    this.home = new Home(context.home);
  }

  async run(options: { demo: boolean; story: boolean }): Promise<void> {
    this.home.take();
    // SIGHUP: the terminal was closed.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void this.end(exitCodes.done));
    try {
      await this.start(options);
    } catch (error) {
      if (this.ending) return;
      process.stderr.write(`${paint('red', 'rollbook:', process.stderr)} ${causeChain(error)}\n`);
      await this.end(error instanceof Exit ? error.code : exitCodes.unreachable);
    }
  }

  private async start({ demo, story }: { demo: boolean; story: boolean }): Promise<void> {
    const { settings } = this.context;
    const wanted = await this.portToServe();
    const log = this.home.file('logs/up.log');
    const logger = jsonLogger(settings.log, { process: 'up' }, (line) => appendFileSync(log, line));
    const { signal } = this.stopping;
    this.database = prepareDatabase(this.home, settings.database, logger, signal);
    const database = await this.database;
    say(`${paint('green', '✓')} ${database.says}`);
    const sandboxes = new Sandboxes(this.home);
    const first = sandboxes.all().length === 0;
    const added = first || demo ? await sandboxes.addFour(signal) : [];
    signal.throwIfAborted();
    this.services = new Services({
      home: this.home, database, port: wanted, nodesFile: sandboxes.nodesFile, logger,
      onGivenUp: (error) => {
        process.stderr.write(`${paint('red', 'rollbook:', process.stderr)} ${error.message}\n`);
        void this.end(exitCodes.unreachable);
      },
    });
    await this.services.start();
    signal.throwIfAborted();
    const url = `http://127.0.0.1:${wanted}`;
    this.home.note({ url });
    const channel = settings.kafkaBrokers.length > 0 ? `Kafka at ${settings.kafkaBrokers.join(',')}` : 'HTTPS pull on this machine';
    say(`${paint('green', '✓')} api, worker and an agent with ${sandboxes.all().length} nodes; orders and reports over ${channel}`);
    await this.tell(this.context.apiAt(url), { story, names: added.map((one) => one.node), all: sandboxes.all().map((one) => one.node) });
    this.sayGoodStart(url);
  }

  private async tell(api: ApiClient, { story, names, all }: { story: boolean; names: string[]; all: string[] }): Promise<void> {
    const rollouts = await api.list<RolloutView>('/v1/rollouts');
    // A first start that was cut off before its rollout was planned is still a first start.
    const untold = names.length > 0 ? names : rollouts.length === 0 ? all.slice(0, 4) : [];
    if (story && untold.length > 0) {
      await awaitNodes(api, untold, nodesLimitMs);
      say(`${paint('green', '✓')} ${untold.join(', ')} run ORCHAT v0.6.2`);
      await tellStory(api, untold);
    } else {
      await followUnfinished(api);
    }
    const url = (await this.database!).worker;
    const { result } = await verify(url, keptFile(this.home.path, url), false, true);
    if (!result.ok) throw refused(`the ledger does not verify: position ${result.position}, ${result.reason}`);
    say(`\n${paint('green', '✓')} The ledger verifies: ${result.size} events, root ${result.root}`);
  }

  private sayGoodStart(url: string): void {
    const tries = ['node list', 'rollout list', 'node history node-3', 'product show orchat', 'ledger verify', 'rollout plan --help'];
    say(`\n${paint('bold', `Rollbook serves at ${url}`)} (the API to read and try; data in ${this.home.path}; ready after ${Math.round(process.uptime())} s)`);
    say('Try next, in another terminal:');
    for (const command of tries) say(`  npx rollbook ${command}`);
    say(paint('dim', 'Ctrl-C ends it; the next start goes on from here. `npm start -- --demo` tells the story again.'));
  }

  /** A port that was left to us is chosen now: the API comes up there again after a death. */
  private async portToServe(): Promise<number> {
    const { port } = this.context.settings;
    if (port === 0) return freePort();
    if (await portIsFree(port)) return port;
    throw refused(`port-taken: port ${port} is in use. End what uses it, or set ROLLBOOK_PORT.`);
  }

  /** Ends everything that was started, the database last; within 5 s. */
  private end(code: number): Promise<void> {
    this.ending ??= (async () => {
      const began = systemClock.millis();
      this.stopping.abort();
      try {
        await this.services?.stop();
        await this.stopDatabase();
        this.home.release();
        if (code === exitCodes.done) say(`\nRollbook has ended (${systemClock.millis() - began} ms).`);
      } catch (error) {
        process.stderr.write(`${paint('red', 'rollbook:', process.stderr)} could not end in order: ${causeChain(error)}\n`);
      } finally {
        process.exit(code);
      }
    })();
    return this.ending;
  }

  /** Also one that is only just starting; somebody else's that does not answer is not waited for. */
  private async stopDatabase(): Promise<void> {
    const database = await Promise.race([this.database?.catch(() => undefined), pause(databaseLimitMs)]);
    await database?.stop();
  }
}
