import type { Pool } from 'pg';
import { sha256Hex } from '#proof';
import { limits } from '../contract.js';
import type { BlobStore } from '../contract.js';

export class PostgresBlobs implements BlobStore {
  constructor(private readonly pool: Pool) {}

  async put(bytes: Buffer): Promise<string> {
    if (bytes.length > limits.blobBytes) throw new RangeError(`a blob holds ${limits.blobBytes} bytes, not ${bytes.length}`);
    const sha256 = sha256Hex(bytes);
    await this.pool.query('select ledger.put_blob($1, $2)', [Buffer.from(sha256, 'hex'), bytes]);
    return sha256;
  }

  async get(sha256: string): Promise<Buffer | undefined> {
    if (!/^[0-9a-f]{64}$/.test(sha256)) return undefined;
    const { rows } = await this.pool.query<{ bytes: Buffer }>('select bytes from ledger.blob where sha256 = $1', [
      Buffer.from(sha256, 'hex'),
    ]);
    return rows[0]?.bytes;
  }
}
