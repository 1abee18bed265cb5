import type { Row, RowRef, Rows, Table } from './projection.js';

const keyText = (key: readonly unknown[]) => key.map(String).join('\u0000');

/** Rows in memory: those loaded or written so far, and which of them are to be written back. */
export class RowSet implements Rows {
  private readonly tables = new Map<string, { table: Table; rows: Map<string, Row | undefined>; changed: Set<string> }>();
  private staged: { table: Table; row: Row; key: string }[] = [];

  has({ table, key }: RowRef): boolean {
    return this.of(table).rows.has(keyText(key));
  }

  /** Notes what the database holds for a key; undefined when it holds nothing. */
  load({ table, key }: RowRef, row: Row | undefined): void {
    this.of(table).rows.set(keyText(key), row);
  }

  get<R extends Row>(table: Table, ...key: (string | number)[]): R | undefined {
    const wanted = keyText(key);
    const staged = this.staged.findLast((one) => one.table === table && one.key === wanted);
    return (staged?.row ?? this.of(table).rows.get(wanted)) as R | undefined;
  }

  put(table: Table, row: Row): void {
    this.staged.push({ table, row, key: keyText(table.key.map((column) => row[column])) });
  }

  /** Keeps what was put since the last call; without it nothing of a failed fact is left. */
  commit(): void {
    for (const { table, row, key } of this.staged) {
      const of = this.of(table);
      of.rows.set(key, row);
      of.changed.add(key);
    }
    this.staged = [];
  }

  discard(): void {
    this.staged = [];
  }

  /** Rows to be written, by table; they count as written from now on. */
  takeChanged(which: (table: Table) => boolean = () => true): { table: Table; rows: Row[] }[] {
    const taken = [...this.tables.values()].filter(({ table }) => which(table)).map(({ table, rows, changed }) => {
      const written = [...changed].map((key) => rows.get(key)!);
      // Rows that are only added are never read again: they need not stay.
      if (table.addOnly) for (const key of changed) rows.delete(key);
      changed.clear();
      return { table, rows: written };
    });
    return taken.filter(({ rows }) => rows.length > 0);
  }

  changedCount(which: (table: Table) => boolean): number {
    return [...this.tables.values()].reduce((sum, { table, changed }) => sum + (which(table) ? changed.size : 0), 0);
  }

  private of(table: Table) {
    const known = this.tables.get(table.name) ?? { table, rows: new Map<string, Row | undefined>(), changed: new Set<string>() };
    this.tables.set(table.name, known);
    return known;
  }
}
