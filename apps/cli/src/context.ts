import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HttpClient, isSet, readSettings } from '#platform';
import type { Settings } from '#platform';
import { ApiClient } from './client.js';
import { usage } from './exit.js';
import { Out } from './out.js';

/** Checkout or image that this program was built in. */
export const root = resolve(import.meta.dirname, '../../../..');

/** What `npm start` leaves in its home for other programs. */
export interface RunFile {
  pid: number;
  url: string;
  /** Process ids of what it runs. */
  processes: { [name: string]: number };
}

export interface GlobalOptions {
  json?: boolean;
  url?: string;
}

/** What every command works with. */
export class Context {
  readonly settings: Settings;
  readonly home: string;
  readonly out: Out;
  private opened: ApiClient | undefined;

  constructor(private readonly options: GlobalOptions) {
    this.settings = readSettings();
    this.home = resolve(this.settings.home ?? join(root, '.rollbook'));
    this.out = new Out(options.json === true);
  }

  get url(): string {
    const { url } = this.options;
    if (url !== undefined && !(/^https?:\/\//.test(url) && URL.canParse(url))) throw usage(`--url must be an address starting with http:// or https://, not ${url}.`);
    return url ?? this.settings.url ?? this.urlOfRun() ?? `http://127.0.0.1:${this.settings.port}`;
  }

  get api(): ApiClient {
    this.opened ??= this.apiAt(this.url);
    return this.opened;
  }

  apiAt(url: string): ApiClient {
    const { caFile, allowHttp, tokenFile } = this.settings;
    const token = tokenFile === undefined ? undefined : readFileSync(tokenFile, 'utf8').trim();
    return new ApiClient(new HttpClient({ url, caFile, allowHttp }), url, token);
  }

  /** The address that a running `npm start` of this home serves; a port that was asked for goes before it. */
  private urlOfRun(): string | undefined {
    if (isSet('ROLLBOOK_PORT') && this.settings.port !== 0) return undefined;
    // Empty while it starts.
    return readRunFile(this.home)?.url || undefined;
  }
}

/** Undefined when nothing was left there, or nothing that can be read: a machine that lost its power leaves such files. */
export function readRunFile(home: string): RunFile | undefined {
  try {
    return JSON.parse(readFileSync(join(home, 'run.json'), 'utf8')) as RunFile;
  } catch {
    return undefined;
  }
}
