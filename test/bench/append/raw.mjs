import { Buffer } from 'node:buffer';
import { performance } from 'node:perf_hooks';
import pg from 'pg';
import { newWork } from './events.mjs';

/**
 * The bare minimum: rows of the same shape and size into a copy of the ledger's table with the same indexes, a batch a
 * statement, one statement after the other. No expectation, no place given by the server, no repeat told from a new command.
 * The server hashes each, as in the ledger; the bytes are ready before the clock runs.
 */
export class RawWriter {
  #client;
  #position = 0;

  static async open(ground, url) {
    const writer = new RawWriter();
    writer.#client = new pg.Client({ connectionString: url });
    await writer.#client.connect();
    ground.onEnd(() => writer.#client.end());
    await writer.#client.query('create schema raw; create table raw.event (like ledger.event including all)');
    return writer;
  }

  /** Writes for a while; resolves with events a second. */
  async write(batch, slotMs) {
    const next = newWork();
    let events = 0;
    let ms = 0;
    while (ms < slotMs) {
      const values = this.#batch(Array.from({ length: batch }, next));
      const began = performance.now();
      await this.#client.query({ name: 'raw-insert', text, values });
      ms += performance.now() - began;
      events += batch;
    }
    return events / (ms / 1000);
  }

  #batch(events) {
    const rows = events.map((one) => ({ ...one, position: (this.#position += 1) }));
    return [
      rows.map((row) => row.position), rows.map((row) => row.stream), rows.map((row) => row.version + 1), rows.map((row) => row.event.type),
      rows.map((row) => row.command), rows.map((row) => Buffer.from(row.digest, 'hex')), rows.map(bytesOf),
    ];
  }
}

const text = `insert into raw.event (position, stream, version, type, command_id, ordinal, command_digest, command_events, leaf_hash, envelope)
  select position, stream, version, type, command, 0, digest, 1, sha256('\\x00'::bytea || bytes), bytes
  from unnest($1::bigint[], $2::text[], $3::integer[], $4::text[], $5::uuid[], $6::bytea[], $7::bytea[]) r(position, stream, version, type, command, digest, bytes)`;

function bytesOf({ position, stream, version, event, command, actor, correlation, causation }) {
  const { type, revision, data, occurredAt } = event;
  const _ledger = { position, recordedAt: occurredAt, version: version + 1 };
  return Buffer.from(JSON.stringify({ _ledger, actor, causation, command, correlation, data, occurredAt, ordinal: 0, revision, stream, type }));
}
