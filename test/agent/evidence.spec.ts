import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '#proof';
import { EvidenceFolder } from '../../apps/agent/src/reports/evidence.js';
import { testFolders } from '../support/agent-folder.js';

const folder = testFolders('evidence');
const said = Buffer.from('fine\n\0\xff', 'latin1');

it('keeps what it is given, byte for byte, for its owner alone', async () => {
  const path = join(folder(), 'evidence');
  const evidence = new EvidenceFolder(path);
  const { sha256, file } = await evidence.keep(said);
  expect(sha256).toBe(sha256Hex(said));
  expect(evidence.read(file)).toEqual(said);
  expect(statSync(join(path, file)).mode & 0o777).toBe(0o600);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  evidence.drop(file);
  expect(readdirSync(path)).toEqual([]);
  evidence.drop(file);
});

it('keeps the same text of many steps that end together, each for its own report', async () => {
  const path = folder();
  const evidence = new EvidenceFolder(path);
  const kept = await Promise.all(Array.from({ length: 60 }, () => evidence.keep(said)));
  expect(new Set(kept.map(({ sha256 }) => sha256)).size).toBe(1);
  for (const { file } of kept.slice(1)) evidence.drop(file);
  expect(evidence.read(kept[0]!.file)).toEqual(said);
  expect(readdirSync(path)).toEqual([kept[0]!.file]);
});

it('has nothing to show when the file is gone, cut off, changed, or no file', async () => {
  const path = folder();
  const evidence = new EvidenceFolder(path);
  const { file } = await evidence.keep(said);
  for (const bad of [said.subarray(1), Buffer.concat([said, said]), Buffer.alloc(0), Buffer.from(said).fill(1, 0, 1)]) {
    writeFileSync(join(path, file), bad);
    expect(evidence.read(file)).toBeUndefined();
  }
  rmSync(join(path, file));
  expect(evidence.read(file)).toBeUndefined();
  mkdirSync(join(path, file));
  expect(evidence.read(file)).toBeUndefined();
});

it('leaves nothing behind when it cannot keep something', async () => {
  const path = folder();
  const evidence = new EvidenceFolder(path);
  rmSync(path, { recursive: true });
  await expect(evidence.keep(said)).rejects.toThrow('ENOENT');
  writeFileSync(path, '');
  await expect(evidence.keep(said)).rejects.toThrow('ENOTDIR');
  expect(readFileSync(path, 'utf8')).toBe('');
});

it('removes what no report names any more', async () => {
  const path = folder();
  const evidence = new EvidenceFolder(path);
  const [wanted, orphan] = [await evidence.keep(said), await evidence.keep(said)];
  writeFileSync(join(path, 'half.next'), '');
  new EvidenceFolder(path).keepOnly(new Set([wanted.file]));
  expect(readdirSync(path)).toEqual([wanted.file]);
  expect(existsSync(join(path, orphan.file))).toBe(false);
});
