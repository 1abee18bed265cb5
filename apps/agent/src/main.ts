import { join, resolve } from 'node:path';
import { HttpClient, causeChain, endWith, jsonLogger, kafkaSettingsFrom, readSettings, systemClock, tellReady } from '#platform';
import type { Logger, Settings } from '#platform';
import { Agent } from './agent.js';
import { kafkaChannel, pullChannel } from './channel.js';
import { ServiceKeys, enrol } from './enrol.js';
import { openMetricsDoor } from './metrics/door.js';
import { identityIn, lockState } from './identity.js';
import { readNodes, readProducts } from './nodes.js';

/** Checkout or image that this file was built in: catalogue and artifacts lie beside it unless settings say otherwise. */
const root = resolve(import.meta.dirname, '../../../..');

async function main(): Promise<void> {
  const settings = readSettings();
  const { site = 'local', agent: name = 'agent-1' } = settings;
  const logger = jsonLogger(settings.log, { process: 'agent', site, agent: name });
  const home = settings.home ?? join(root, '.rollbook');
  const state = settings.agentState ?? join(home, 'agents', site, name);
  const unlock = lockState(state);
  const identity = identityIn(state);
  if (settings.nodesFile === undefined) throw new Error('ROLLBOOK_NODES_FILE is not set: an agent needs the list of its nodes');
  const nodes = readNodes(settings.nodesFile);
  const products = readProducts(settings.catalog ?? join(root, 'catalog'), nodes);
  const serviceKeys = new ServiceKeys(join(state, 'service.pub.pem'), settings.servicePublicKeyFile);
  const http = new HttpClient({ url: settings.url ?? `http://127.0.0.1:${settings.port}`, caFile: settings.caFile, allowHttp: settings.allowHttp });
  const kafka = kafkaSettingsFrom(settings, `rollbook-agent-${site}-${name}`);
  const common = { site, agent: name, identity, logger };
  const stopping = new AbortController();
  const agent = new Agent({
    ...common, state, serviceKeys: serviceKeys.keys, nodes, products, mirror: settings.artifacts ?? join(root, 'dist'),
    observeSeconds: settings.observeSeconds, clock: systemClock,
    channel: (cursor) => (kafka ? kafkaChannel({ ...common, settings: kafka, serviceKeys: serviceKeys.keys }) : pullChannel({ ...common, http }, cursor)),
  });
  const door = settings.agentPort === 0 ? undefined : await openMetricsDoor(agent.metrics, settings.agentPort, settings.host);
  endWith(async () => {
    stopping.abort();
    await door?.close();
    await agent.stop();
    http.close();
    unlock();
  }, logger);
  logger.info('agent is ready', { nodes: nodes.size, channel: kafka ? 'kafka' : 'pull', tookMs: Math.round(process.uptime() * 1000) });
  tellReady();
  const enrolled = enrolAndPin({ settings, serviceKeys, http, common, channel: kafka ? 'kafka' : 'pull', home, signal: stopping.signal, logger });
  // Orders cannot be believed before the service's key is known. An agent that knows it need not wait for the door.
  if (serviceKeys.keys.size === 0) await enrolled;
  if (!stopping.signal.aborted) await agent.start();
  await enrolled;
}

/** Reports are not believed before the service knows this agent's key. */
async function enrolAndPin(options: {
  settings: Settings; serviceKeys: ServiceKeys; http: HttpClient; channel: 'kafka' | 'pull'; home: string; signal: AbortSignal; logger: Logger;
  common: { site: string; agent: string; identity: ReturnType<typeof identityIn> };
}): Promise<void> {
  const { settings, serviceKeys, http, channel, home, signal, logger, common } = options;
  const tokenFile = settings.enrolmentTokenFile ?? join(home, 'keys/enrolment.token');
  const pem = await enrol({ http, site: common.site, agent: common.agent, identity: common.identity, channel, tokenFile, signal, logger }).catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw error;
  });
  if (pem !== undefined) serviceKeys.pin(pem);
}

main().catch((error: unknown) => {
  process.stderr.write(`rollbook agent: ${causeChain(error)}\n`);
  process.exit(1);
});
