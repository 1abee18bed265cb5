import { copyName, isManaged } from './managed.js';
import { type FileEntry, digestOf, manifestOf, parseManifest } from './manifest.js';

const file = (path: string, bytes = 1): FileEntry => ({ path, sha256: 'a'.repeat(64), bytes, mode: '600' });
const files = [file('.orchat_history', 3), file('.config/orchat/settings.json', 4)];
const manifest = manifestOf('b', 'v0.6.2', new Date(0), files);

describe('the digest of a backup', () => {
  it('does not depend on the order of the files', () => {
    expect(digestOf(files)).toBe(digestOf(files.toReversed()));
  });

  it('is that of the canonical list, which anyone can compute again', () => {
    // printf '[{"bytes":1,"mode":"600","path":".orchat_history","sha256":"aaa..."}]' | sha256sum
    expect(digestOf([file('.orchat_history')])).toBe(
      '1296bf8feb7c5fa4c5b2c0216111fa3ad4de6edc67536e3b20608e96bef9529a',
    );
  });

  it.each<[string, Partial<FileEntry>]>([
    ['content', { sha256: 'b'.repeat(64) }],
    ['mode', { mode: '644' }],
    ['size', { bytes: 9 }],
    ['path', { path: '.orchat_history.format1' }],
  ])('depends on %s', (_, change) => {
    expect(digestOf([{ ...files[0]!, ...change }, files[1]!])).not.toBe(digestOf(files));
  });
});

describe('a manifest', () => {
  it('is read as it was written', () => {
    expect(parseManifest(JSON.stringify(manifest), 'b')).toEqual(manifest);
    expect(manifest).toMatchObject({ bytes: 7, createdAt: '1970-01-01T00:00:00.000Z' });
  });

  it.each<[string, unknown]>([
    ['valid JSON', '{'],
    ['unknown format', { ...manifest, format: 2 }],
    ['another name', { ...manifest, name: 'c' }],
    ['incomplete', { ...manifest, version: undefined }],
    ['wrong file list', { ...manifest, files: [file('../outside')] }],
    ['wrong file list', { ...manifest, files: [{ ...file('.orchat_history'), mode: '4755' }] }],
    ['another digest', { ...manifest, files: [files[0]] }],
  ])('is refused: %s', (problem, content) => {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    expect(parseManifest(text, 'b')).toContain(problem);
  });
});

describe('the files that orchat manages', () => {
  it.each([
    ['.local/bin/orchat', 'orchat'],
    ['.config/orchat/settings.json', 'settings.json'],
    ['.config/orchat/settings.schema3.json', 'settings.schema3.json'],
    ['.config/orchat/settings.schema3.2.json', 'settings.schema3.2.json'],
    ['.config/orchat/secure/key.enc', 'secure/key.enc'],
    ['.orchat_history', 'orchat_history'],
  ])('%s is one of them, kept as %s', (path, name) => {
    expect([isManaged(path), copyName(path)]).toEqual([true, name]);
  });

  it.each([
    '.config/orchat/settings.mine.json', '.config/orchat/settings.json.old',
    '.config/orchat/backups/b/orchat',
    '.config/orchat/../../.bashrc', '/etc/passwd', '.local/bin/other', 'orchat',
  ])('%s is none of them', (path) => {
    expect(isManaged(path)).toBe(false);
  });
});
