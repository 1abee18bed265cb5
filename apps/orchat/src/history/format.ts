/** One exchange. Format 1 knows neither its time nor its answer. */
export interface Entry {
  at: string | null;
  prompt: string;
  answer: string | null;
}

export const header = '{"history":2}\n';

export function formatOf(text: string): 1 | 2 {
  return text.startsWith(header.trimEnd()) ? 2 : 1;
}

export function encodeEntry(entry: Entry, format: 1 | 2): string {
  if (format === 1) return `${entry.prompt.replace(/\s*[\r\n]+\s*/g, ' ')}\n`;
  const { at, prompt, answer } = entry;
  return `${JSON.stringify({ at, prompt, answer })}\n`;
}

/** The entries of a history in either format; throws with the number of a line that cannot be read. */
export function decodeHistory(text: string): Entry[] {
  const lines = text.split('\n').map((line, index) => ({ line, number: index + 1 }));
  const filled = lines.filter(({ line }) => line !== '');
  if (formatOf(text) === 1) return filled.map(({ line }) => ({ at: null, prompt: line, answer: null }));
  return filled.slice(1).map(({ line, number }) => decodeLine(line, number));
}

function decodeLine(line: string, number: number): Entry {
  try {
    const { at, prompt, answer } = JSON.parse(line) as Entry;
    if (typeof prompt === 'string') return { at: at ?? null, prompt, answer: answer ?? null };
  } catch {
    // Told below, together with a line that is JSON but no entry.
  }
  throw new Error(`line ${number} is not a history entry`);
}

export function encodeHistory(entries: Entry[], format: 1 | 2): string {
  return (format === 2 ? header : '') + entries.map((entry) => encodeEntry(entry, format)).join('');
}
