import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from '#proof';
import { newId, syncFolder } from '#platform';

/** Evidence on the agent's disk until the service has it: a file for each report, also where two say the same. */
export class EvidenceFolder {
  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** Durable when it resolves, with the name of the file: a report never names what is not there. */
  async keep(bytes: Buffer): Promise<{ sha256: string; file: string }> {
    const sha256 = sha256Hex(bytes);
    const name = `${sha256}.${newId()}`;
    const path = join(this.folder, name);
    try {
      const file = await open(path, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      syncFolder(this.folder);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
    return { sha256, file: name };
  }

  /** Undefined when it is gone or is not what was kept: then it never comes back. */
  read(file: string): Buffer | undefined {
    try {
      const bytes = readFileSync(join(this.folder, file));
      return sha256Hex(bytes) === file.slice(0, 64) ? bytes : undefined;
    } catch (error) {
      if (tooManyOpen.has((error as NodeJS.ErrnoException).code)) throw error;
      return undefined;
    }
  }

  drop(file: string): void {
    rmSync(join(this.folder, file), { force: true });
  }

  /** Removes what no report names: a crash came between the file and its report. */
  keepOnly(files: ReadonlySet<string>): void {
    for (const file of readdirSync(this.folder)) if (!files.has(file)) this.drop(file);
  }
}

/** Trouble of this process, which passes. */
const tooManyOpen = new Set<string | undefined>(['EMFILE', 'ENFILE']);
