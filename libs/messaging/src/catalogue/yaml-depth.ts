import { Parser } from 'yaml';
import type { CST } from 'yaml';

/** Whether a text nests more deeply than `limit`. It is read without recursion, which a file made for that would exhaust. */
export function nestsDeeper(text: string, limit: number): boolean {
  const open: [CST.Token, number][] = [];
  for (const token of new Parser().parse(text)) open.push([token, 0]);
  for (let next = open.pop(); next; next = open.pop()) {
    const [token, depth] = next;
    if (depth > limit) return true;
    if ('value' in token) open.push([token.value as CST.Token, depth]);
    if (!('items' in token)) continue;
    for (const { key, value } of token.items) for (const one of [key, value]) if (one) open.push([one, depth + 1]);
  }
  return false;
}
