import { paint } from './style.js';

// Escape sequences of colours take no room on the screen.
// eslint-disable-next-line no-control-regex
const escapes = /\u001b\[[0-9;]*m/g;

/** Aligned columns under a heading; the last column is not padded, and on a terminal it ends with the line. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, i) => Math.max(width(heading), ...rows.map((row) => width(row[i] ?? ''))));
  const before = widths.slice(0, -1).reduce((sum, one) => sum + one + 2, 0);
  const last = (cell: string) => (process.stdout.isTTY ? fit(cell, Math.max(10, process.stdout.columns - before)) : cell);
  const line = (cells: readonly string[]) => cells.map((cell, i) => (i === cells.length - 1 ? last(cell) : pad(cell, widths[i]!))).join('  ').trimEnd();
  return [line(headings.map((heading) => paint('dim', heading))), ...rows.map((row) => line(row))].join('\n');
}

/** Names and values, one a line. */
export function fields(pairs: readonly (readonly [name: string, value: string])[]): string {
  const longest = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${paint('dim', name.padEnd(longest))}  ${value}`).join('\n');
}

export function width(text: string): number {
  return text.replace(escapes, '').length;
}

export function pad(text: string, to: number): string {
  return text + ' '.repeat(Math.max(0, to - width(text)));
}

/** To a width, with a mark where something is missing. */
export function clip(text: string, to: number): string {
  return text.length <= to ? text : `${text.slice(0, Math.max(0, to - 1))}…`;
}

/** A cell that is too long for the terminal loses its colours with its end. */
function fit(text: string, to: number): string {
  return width(text) <= to ? text : clip(text.replace(escapes, ''), to);
}

/** An instant for people: to the second, in UTC. */
export function shortTime(instant: string | null): string {
  return instant === null ? '-' : instant.slice(0, 19).replace('T', ' ');
}
