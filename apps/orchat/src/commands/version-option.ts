import type { Request } from '../command.js';
import { misuse } from '../refusal.js';
import { type Release, releaseNamed, releases } from '../releases.js';

/** The release that an option names, as v0.6.2 or as a series like v0.6. */
export function versionOption({ options }: Request, name: string): Release | undefined {
  const version = options.get(name);
  if (version === undefined) return undefined;
  const release = releaseNamed(version);
  if (release) return release;
  const known = releases.map((one) => one.version).join(', ');
  throw misuse(`${name} ${version} is unknown; known are ${known}`);
}
