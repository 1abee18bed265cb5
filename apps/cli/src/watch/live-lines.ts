import { clip, width } from '../render/table.js';

/** Lines at the bottom of a terminal that are drawn over as they change. */
export class LiveLines {
  private drawn = 0;

  constructor(private readonly stream: NodeJS.WriteStream) {}

  draw(lines: readonly string[]): void {
    const rows = Math.max(1, (this.stream.rows ?? 24) - 1);
    const kept = lines.slice(-rows).map((line) => this.fit(line));
    const up = this.drawn > 0 ? `\u001b[${this.drawn}A` : '';
    // Each line is cleared to its end, and what was drawn below is cleared at last.
    this.stream.write(`${up}\r${kept.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`);
    this.drawn = kept.length;
  }

  /** Leaves the lines as they stand. */
  done(): void {
    this.drawn = 0;
  }

  /** A line that wraps would be counted wrong; one with colours is cut without them. */
  private fit(line: string): string {
    const columns = this.stream.columns ?? 80;
    // eslint-disable-next-line no-control-regex
    return width(line) <= columns ? line : clip(line.replace(/\u001b\[[0-9;]*m/g, ''), columns);
  }
}
