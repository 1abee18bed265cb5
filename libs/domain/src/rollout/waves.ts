import { refuse } from '../kernel/decision.js';
import type { Refusal } from '../kernel/refusals.js';
import type { Wave } from './strategy.js';

/**
 * Puts nodes, which come in the order of the plan, into waves. Named ones go where they are named; the others fill the
 * waves that only say how many, at least one each. Waves that come to nothing are left out; what is left is the last wave.
 */
export function intoWaves(waves: readonly Wave[], nodes: readonly string[], known: ReadonlySet<string> = new Set(nodes)): { waves: string[][] } | { refusal: Refusal } {
  const named = new Set(waves.flatMap((wave) => ('nodes' in wave ? wave.nodes : [])));
  const stranger = [...named].find((node) => !known.has(node));
  if (stranger !== undefined) return refuse('wave-node-not-chosen', { node: stranger });
  const free = nodes.filter((node) => !named.has(node));
  const made = waves.map((wave) => {
    if ('nodes' in wave) {
      const here = new Set(wave.nodes);
      return nodes.filter((node) => here.has(node) && named.delete(node));
    }
    const wanted = 'size' in wave ? wave.size : Math.max(1, Math.ceil((nodes.length * wave.percent) / 100));
    return free.splice(0, wanted);
  });
  return { waves: [...made, free].filter((wave) => wave.length > 0) };
}
