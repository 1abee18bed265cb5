import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { percentile } from '../report.mjs';
import { Services } from '../services.mjs';

const connectionCounts = [1, 10, 50];
const readable = 200;

export async function run(ground, report) {
  const { rounds, slotMs } = ground.quick ? { rounds: 1, slotMs: 100 } : { rounds: 4, slotMs: 600 };
  const services = await Services.start(ground, await ground.database());
  const nodes = Array.from({ length: readable }, (_, i) => `read-${i}`);
  let position = 0;
  for (const node of nodes) position = Math.max(position, (await services.json('POST', '/v1/nodes', bodyOf(node))).position);
  await services.json('GET', `/v1/nodes?limit=1&position=${position}`);
  let turn = 0;
  const kinds = {
    command: () => ({ method: 'POST', path: '/v1/nodes', body: JSON.stringify(bodyOf(randomUUID())), status: 201 }),
    read: () => ({ method: 'GET', path: `/v1/nodes/${nodes[(turn += 1) % readable]}`, status: 200 }),
    list: () => ({ method: 'GET', path: '/v1/nodes?limit=50', status: 200 }),
    // The least that this server can be asked.
    liveness: () => ({ method: 'GET', path: '/healthz', status: 200 }),
  };
  for (const next of Object.values(kinds)) await slot(services.url, next, 10, slotMs);
  const seen = new Map();
  const note = (name, value) => seen.set(name, [...(seen.get(name) ?? []), value]);
  for (const _ of ground.rounds(rounds)) {
    for (const connections of connectionCounts) {
      for (const [kind, next] of Object.entries(kinds)) {
        const { perSecond, ...parts } = await slot(services.url, next, connections, slotMs);
        note(`${kind}-${connections}-per-second`, perSecond);
        for (const [part, ms] of Object.entries(parts)) note(`${kind}-${connections}-${part}-ms`, ms);
      }
      const last = (kind) => seen.get(`${kind}-${connections}-per-second`).at(-1);
      note(`to-liveness ${connections}`, last('command') / last('liveness'));
    }
  }
  for (const [name, values] of seen) if (!name.startsWith('to-')) report.figure(name, values, { unit: name.endsWith('-ms') ? 'ms' : 'requests/s' });
  for (const connections of connectionCounts) report.ratio(`command-to-liveness-${connections}`, seen.get(`to-liveness ${connections}`));
  report.limit('From one connection a command waits for its commit on disk. From many, one core of Node in the api limits it (routing, validation, rules), and the client here takes the other.');
}

function bodyOf(node) {
  return { node, site: 'bench', product: 'orchat', labels: { tier: 'web' } };
}

/** Asks for a while over so many connections, each with one request at a time. */
async function slot(url, next, connections, slotMs) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const took = [];
  const began = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let now = performance.now(); now - began < slotMs; ) {
        await ask(url, agent, next());
        const after = performance.now();
        took.push(after - now);
        now = after;
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  took.sort((a, b) => a - b);
  return { perSecond: took.length / seconds, p50: percentile(took, 0.5), p95: percentile(took, 0.95), p99: percentile(took, 0.99) };
}

function ask(url, agent, { method, path, body, status }) {
  const headers = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length, 'idempotency-key': randomUUID() };
  return new Promise((resolve, reject) => {
    const made = request(`${url}${path}`, { method, agent, headers }, (answer) => {
      answer.resume();
      answer.once('end', () => (answer.statusCode === status ? resolve() : reject(new Error(`${method} ${path} was answered with ${answer.statusCode}`))));
    });
    made.once('error', reject);
    made.end(body);
  });
}
