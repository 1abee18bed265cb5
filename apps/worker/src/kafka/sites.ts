import { decode } from '#commands';
import type { Book } from '#commands';

const page = 2_000;

/** Sites with an agent on Kafka, as the ledger says; each call reads on from where the last one ended. */
export function knownSites(book: Book): () => Promise<string[]> {
  const agents = new Map<string, Set<string>>();
  let position = 0;
  return async () => {
    for (;;) {
      const stored = await book.ledger.read(position, page);
      for (const one of stored) {
        if (!one.stream.startsWith('site/')) continue;
        const { event } = decode(one);
        if (event.type === 'site.agent-enrolled') {
          const { site, agent, channel } = event.data;
          const of = agents.get(site) ?? new Set<string>();
          agents.set(site, of);
          if (channel === 'kafka') of.add(agent);
          else of.delete(agent);
        } else if (event.type === 'site.agent-retired') {
          agents.get(event.data.site)?.delete(event.data.agent);
        }
      }
      position = stored.at(-1)?.position ?? position;
      if (stored.length < page) break;
    }
    return [...agents].filter(([, of]) => of.size > 0).map(([site]) => site).sort();
  };
}
