import type { Preferences } from '../settings/preferences.js';

/** The answer to a prompt: always the same for the same prompt and settings, as no model stands behind it. */
export function answerTo(prompt: string, { model, maxTokens, stop }: Preferences): string {
  const count = prompt.split(/\s+/).filter((word) => word !== '').length;
  const words = `${model} read ${count} ${count === 1 ? 'word' : 'words'}: ${prompt}`;
  const end = stop.map((mark) => words.indexOf(mark)).filter((at) => at >= 0);
  const uncut = end.length > 0 ? words.slice(0, Math.min(...end)) : words;
  return uncut.split(' ').slice(0, maxTokens).join(' ');
}

/** The answer in the pieces in which it is streamed; together they are the answer. */
export function piecesOf(answer: string): string[] {
  return answer.match(/\S+\s*/g) ?? [];
}
