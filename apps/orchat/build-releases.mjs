#!/usr/bin/env node
// Builds every release of orchat, one executable file each: the same sources give the same bytes everywhere.
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const catalogue = join(root, 'catalog/orchat/product.yaml');

/** Writes <outDir>/<version>/orchat for every release, and releases.json with their digests. */
export async function buildReleases(outDir) {
  const { build } = await import('esbuild');
  const index = {};
  for (const release of await readReleases(build)) {
    const bytes = await bundle(build, release);
    const file = `${release.version}/orchat`;
    mkdirSync(join(outDir, release.version), { recursive: true });
    replace(join(outDir, file), bytes, 0o755);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    index[release.version] = { file, sha256, bytes: bytes.length };
  }
  replace(join(outDir, 'releases.json'), `${JSON.stringify(index, null, 2)}\n`, 0o644);
  return index;
}

async function readReleases(build) {
  const entry = join(here, 'src/releases.ts');
  const quiet = { write: false, logLevel: 'error' };
  const { outputFiles } = await build({ entryPoints: [entry], format: 'esm', ...quiet });
  const { releases } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
  return releases;
}

async function bundle(build, release) {
  const { outputFiles } = await build({
    absWorkingDir: here,
    entryPoints: ['src/main.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    // A file without an extension is a script or a module by the package.json nearest to where it happens to lie.
    // This runs as both: it gets the built-in modules in a way that both have.
    format: 'iife',
    // Without comments no path of the machine that builds gets into the artifact.
    minify: true,
    legalComments: 'none',
    charset: 'utf8',
    banner: { js: '#!/usr/bin/env node\nvar require = process.getBuiltinModule;' },
    define: { ORCHAT_RELEASE: JSON.stringify(release) },
    tsconfigRaw: { compilerOptions: { target: 'es2022' } },
    logLevel: 'error',
  });
  return Buffer.from(outputFiles[0].contents);
}

function replace(path, content, mode) {
  const draft = `${path}.${process.pid}.draft`;
  writeFileSync(draft, content);
  chmodSync(draft, mode);
  renameSync(draft, path);
}

/** Puts the digests of a build into the catalogue and leaves everything else in it as it is. */
async function writeCatalogue(index) {
  const { parseDocument } = await import('yaml');
  let text = readFileSync(catalogue, 'utf8');
  const digests = parseDocument(text)
    .get('releases')
    .items.flatMap((release) => release.get('artifacts').items)
    .map((artifact) => ({
      sha256: Object.values(index).find(({ file }) => file === artifact.get('file')).sha256,
      range: artifact.get('sha256', true).range,
    }));
  // From the end to the start, so that the places found stay right.
  for (const { sha256, range } of digests.reverse()) {
    text = `${text.slice(0, range[0])}"${sha256}"${text.slice(range[1])}`;
  }
  replace(catalogue, text, 0o644);
}

if (process.argv[1] && pathToFileURL(process.argv[1]).href === import.meta.url) {
  const args = process.argv.slice(2);
  const outDir = resolve(args.find((arg) => !arg.startsWith('--')) ?? join(root, 'dist/orchat'));
  const index = await buildReleases(outDir);
  if (args.includes('--write-catalogue')) await writeCatalogue(index);
  process.stdout.write(`${JSON.stringify(index, null, 2)}\n`);
}
