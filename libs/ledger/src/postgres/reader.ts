import type { Pool } from 'pg';
import type { CommandRecord, Head, LedgerReader, StoredEvent, StreamPart } from '../contract.js';

const columns = 'e.position::text, e.stream, e.version, e.type, e.command_id, e.ordinal, e.leaf_hash, e.envelope';
type Row = [position: string, stream: string, version: number, type: string, command: string, ordinal: number, leafHash: Buffer, bytes: Buffer];

/** Reads the ledger in PostgreSQL; needs no more than SELECT. */
export class PostgresReader implements LedgerReader {
  constructor(private readonly pool: Pool) {}

  async head(): Promise<Head> {
    const { rows } = await this.pool.query<[string]>({ text: 'select position::text from ledger.head', rowMode: 'array' });
    return { position: Number(rows[0]![0]) };
  }

  read(after: number, limit: number): Promise<StoredEvent[]> {
    // Ordered by e.position: the output column of that name is text.
    return this.events('ledger-read', 'ledger.event e where e.position > $1 order by e.position limit $2', [after, limit]);
  }

  readStream(stream: string, afterVersion = 0): Promise<StoredEvent[]> {
    return this.events('ledger-stream', 'ledger.event e where e.stream = $1 and e.version > $2 order by e.version', [stream, afterVersion]);
  }

  readStreams(wanted: readonly StreamPart[]): Promise<StoredEvent[]> {
    // Each stream by its index, whatever the planner takes the table's size for.
    const each = `(select e.* from ledger.event e where e.stream = w.stream and e.version > w.after order by e.version offset 0)`;
    const from = `unnest($1::text[], $2::integer[]) w(stream, after) cross join lateral ${each} e order by e.stream, e.version`;
    return this.events('ledger-streams', from, [wanted.map((one) => one.stream), wanted.map((one) => one.afterVersion)]);
  }

  async findCommand(command: string): Promise<CommandRecord | undefined> {
    const { rows } = await this.pool.query<{ stream: string; digest: string; position: string; version: number }>({
      name: 'ledger-command',
      text: `select stream, encode(command_digest, 'hex') as digest, (position + command_events - 1)::text as position,
               version + command_events - 1 as version
             from ledger.event where command_id = $1 and ordinal = 0`,
      values: [command],
    });
    const row = rows[0];
    return row && { stream: row.stream, digest: row.digest, position: Number(row.position), version: row.version };
  }

  /** Bytes that an envelope names by their SHA-256 in hex. */
  async blob(sha256: string): Promise<Buffer | undefined> {
    if (!/^[0-9a-f]{64}$/.test(sha256)) return undefined;
    const { rows } = await this.pool.query<{ bytes: Buffer }>('select bytes from ledger.blob where sha256 = $1', [Buffer.from(sha256, 'hex')]);
    return rows[0]?.bytes;
  }

  private async events(name: string, from: string, values: unknown[]): Promise<StoredEvent[]> {
    const text = `select ${columns} from ${from}`;
    const { rows } = await this.pool.query<Row>({ name, text, values, rowMode: 'array' });
    return rows.map(([position, stream, version, type, command, ordinal, leafHash, bytes]) => ({
      position: Number(position), stream, version, type, command, ordinal, leafHash, bytes,
    }));
  }
}
