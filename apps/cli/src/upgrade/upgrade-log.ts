import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '#platform';
import type { Out } from '../out.js';

/** What an upgrade says, line by line: to whoever runs it, and at the end of a file that keeps every run. */
export class UpgradeLog {
  constructor(
    private readonly options: { out: Out; file: string; node: string; clock: Clock },
  ) {
    mkdirSync(dirname(options.file), { recursive: true });
  }

  get file(): string {
    return this.options.file;
  }

  say(message: string): void {
    const { out, file, node, clock } = this.options;
    const at = clock.now();
    const line = `[${at.slice(0, 19).replace('T', ' ')}] ${message}`;
    appendFileSync(file, `${line}\n`);
    out.text(line);
    out.object({ at, node, message });
  }
}
