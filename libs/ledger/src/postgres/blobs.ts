import type { Pool } from 'pg';
import { sha256Hex } from '#proof';
import { limits } from '../contract.js';
import type { BlobStore } from '../contract.js';
import { PostgresReader } from './reader.js';

export class PostgresBlobs implements BlobStore {
  private readonly reader: PostgresReader;

  constructor(private readonly pool: Pool) {
    this.reader = new PostgresReader(pool);
  }

  async put(bytes: Buffer): Promise<string> {
    if (bytes.length > limits.blobBytes) throw new RangeError(`a blob holds ${limits.blobBytes} bytes, not ${bytes.length}`);
    const sha256 = sha256Hex(bytes);
    await this.pool.query('select ledger.put_blob($1, $2)', [Buffer.from(sha256, 'hex'), bytes]);
    return sha256;
  }

  get(sha256: string): Promise<Buffer | undefined> {
    return this.reader.blob(sha256);
  }
}
