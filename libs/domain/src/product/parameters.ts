import type { Release } from './product.js';

/** Names of artifacts that can be parameters: a runbook's parameters are letters and digits. */
const namePattern = /^[a-z][a-z0-9]{0,24}$/;

/**
 * What a release's artifacts give to runbooks: the first one `artifact` and `sha256`, every other one its name with its
 * file and its name with `sha256` behind it. `number` is its version as package managers write it, without a leading v.
 */
export function artifactParameters(release: Release | undefined): { [name: string]: string } {
  const [first, ...others] = release?.artifacts ?? [];
  const values: { [name: string]: string } = release ? { number: release.version.replace(/^v/, '') } : {};
  for (const { name, file, sha256 } of others) {
    if (namePattern.test(name)) Object.assign(values, { [name]: file, [`${name}sha256`]: sha256 });
  }
  return first ? { ...values, artifact: first.file, sha256: first.sha256 } : values;
}
