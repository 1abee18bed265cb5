import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { completePolicy, defaultPolicy } from '#domain';
import { digestOf } from '#ledger';
import { jsonLogger } from '#platform';
import { adoptPolicyFile } from '../../apps/api/src/policy-file.js';
import { root } from '../houserules/sources.js';
import { TestService } from '../support/service.js';
import type { LogLine } from '../support/service.js';

let service: TestService;
let folder: string;
let lines: LogLine[];

beforeAll(async () => {
  service = await TestService.open();
});
afterAll(() => service.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollbook-policy-'));
  lines = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function adopt(text: string): Promise<{ digest: string; adopted: boolean; written: number }> {
  writeFileSync(join(folder, 'policy.yaml'), text);
  return adoptFrom(folder);
}

async function adoptFrom(catalog: string): Promise<{ digest: string; adopted: boolean; written: number }> {
  const before = await service.size();
  await adoptPolicyFile(service.app, catalog, jsonLogger('debug', {}, (line) => void lines.push(JSON.parse(line) as LogLine)));
  const { digest, adopted } = await service.book.policy();
  return { digest, adopted, written: (await service.size()) - before };
}

it('without a file the default holds, and nothing is recorded', async () => {
  expect(await adoptFrom(folder)).toEqual({ digest: digestOf(defaultPolicy), adopted: false, written: 0 });
});

it('adopts what a file says, and records it once', async () => {
  const digest = digestOf(completePolicy({ targets: { deprecated: 'refuse' } }));
  expect(await adopt('targets: { deprecated: refuse }\n')).toEqual({ digest, adopted: true, written: 1 });
  // Other words, the same policy.
  expect(await adopt('# strict\ntargets:\n  deprecated: "refuse"\nmonitoring: { hours: 48 }\n')).toEqual({ digest, adopted: true, written: 0 });
});

it('keeps the one in force when a file has a mistake, and says which', async () => {
  const before = (await service.book.policy()).digest;
  expect(await adopt('targets:\n  deprecated: sometimes\n')).toMatchObject({ digest: before, written: 0 });
  expect(lines).toMatchObject([{ level: 'error', message: 'the policy has a mistake', line: 2, field: 'targets.deprecated', says: 'must be one of refuse, warn, off' }]);
});

it('of this catalogue spells out the default', async () => {
  expect(await adoptFrom(join(root, 'catalog'))).toMatchObject({ digest: digestOf(defaultPolicy), adopted: true });
});
