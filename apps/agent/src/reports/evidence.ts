import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from '#proof';

/** Evidence on the agent's disk until the service has it, each file named by its digest. */
export class EvidenceFolder {
  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true });
  }

  /** Durable when it resolves: a report never names what is not there. */
  async keep(bytes: Buffer): Promise<string> {
    const sha256 = sha256Hex(bytes);
    const path = join(this.folder, sha256);
    writeFileSync(`${path}.next`, bytes, { mode: 0o600 });
    const file = await open(`${path}.next`, 'r');
    await file.sync();
    await file.close();
    await rename(`${path}.next`, path);
    return sha256;
  }

  read(sha256: string): Buffer {
    return readFileSync(join(this.folder, sha256));
  }

  drop(sha256: string): void {
    rmSync(join(this.folder, sha256), { force: true });
  }
}
