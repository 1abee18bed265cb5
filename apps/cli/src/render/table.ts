import { paint } from './style.js';

// Escape sequences of colours take no room on the screen.
// eslint-disable-next-line no-control-regex
const escapes = /\u001b\[[0-9;]*m/g;

/** The last column of a table is wrapped when it has at least so much room. */
const lastRoomMin = 24;

/** Columns of the terminal that answers go to; where none is, lines may have any length. */
export function columns(): number {
  return process.stdout.isTTY ? process.stdout.columns || 80 : Infinity;
}

/**
 * Aligned columns under a heading. On a terminal the last column is wrapped within itself; where that has no room, it
 * stands beneath its row; and where the others have none, each row becomes a block of names and values. Nothing is left out.
 */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, i) => Math.max(width(heading), ...rows.map((row) => width(row[i] ?? ''))));
  const before = widths.slice(0, -1).reduce((sum, one) => sum + one + 2, 0);
  const room = columns() - before;
  if (before - 2 > columns()) return rows.map((row) => block(headings, row)).join('\n\n');
  const beneath = room < Math.min(lastRoomMin, widths.at(-1)!);
  const indent = beneath ? widths[0]! + 2 : before;
  const line = (cells: readonly string[]) => {
    const all = cells.map((cell, i) => (i === cells.length - 1 ? flow(cell, indent) : pad(cell, widths[i]!)));
    if (!beneath) return all.join('  ').trimEnd();
    const last = all.pop()!;
    return `${all.join('  ').trimEnd()}${last === '-' ? '' : `\n${' '.repeat(indent)}${last}`}`;
  };
  return [line(headings.map((heading) => paint('dim', heading))), ...rows.map((row) => line(row))].join('\n');
}

function block(headings: readonly string[], row: readonly string[]): string {
  return fields(headings.map((heading, i) => [heading === '#' ? 'turn' : heading.toLowerCase(), row[i] ?? '']));
}

/** Names and values, one a line. */
export function fields(pairs: readonly (readonly [name: string, value: string])[]): string {
  const longest = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${paint('dim', name.padEnd(longest))}  ${flow(value, longest + 2)}`).join('\n');
}

/**
 * Text that begins at a column and goes on there when the line is full; between words only: what is one word, such as a
 * digest, stays whole to be copied. Wrapped text loses its colours.
 */
export function flow(text: string, indent: number): string {
  const room = Math.max(lastRoomMin, columns() - indent);
  if (width(text) <= room) return text;
  const lines: string[] = [];
  for (const word of text.replace(escapes, '').split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= room) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join(`\n${' '.repeat(indent)}`);
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

/** An instant for people: to the second, in UTC. */
export function shortTime(instant: string | null): string {
  return instant === null ? '-' : `${instant.slice(0, 19).replace('T', ' ')}Z`;
}
