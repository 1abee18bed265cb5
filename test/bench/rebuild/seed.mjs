import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { itemsOfARollout } from '../simulation.mjs';

const nodesInARollout = 10;
const eventsAtOnce = 1_000;

/** Fills a ledger with rollouts, each like the one that was carried out, with names and ids of its own. */
export async function seed(ledger, { events, limitMs }) {
  const nodes = Array.from({ length: nodesInARollout }, (_, i) => `node-${i}`);
  const model = await itemsOfARollout(nodes);
  await ledger.append(model.catalogue.slice(0, 1));
  for (const item of model.catalogue.slice(1)) await ledger.append([item]);
  const ids = [...new Set(model.items.flatMap((item) => [item.command, item.correlation]))];
  const names = new RegExp([model.rollout, ...nodes, ...ids].join('|'), 'g');
  const text = JSON.stringify(model.items);
  const until = performance.now() + limitMs;
  let position = 0;
  for (let copy = 0; position < events && performance.now() < until; copy++) {
    const given = new Map([[model.rollout, `${model.rollout}-${copy}`], ...nodes.map((node) => [node, `${node}-${copy}`]), ...ids.map((id) => [id, randomUUID()])]);
    const items = JSON.parse(text.replace(names, (name) => given.get(name)));
    for (let i = 0; i < items.length; ) {
      const part = [];
      for (let count = 0; i < items.length && count + items[i].events.length <= eventsAtOnce; i++) {
        count += items[i].events.length;
        part.push(items[i]);
      }
      position = (await ledger.append(part)).at(-1).position;
    }
  }
  return position;
}
