#!/usr/bin/env node
// Builds every release of orchat, one executable file for each program: the same sources give the same bytes everywhere.
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const catalogue = join(root, 'catalog/orchat/product.yaml');

/** What lies beside the program of a release: the name in the catalogue, the file, the source. */
const beside = [
  { name: 'installer', file: 'install', entry: 'src/installer/main.ts', since: 'v0.3.0' },
  { name: 'uninstaller', file: 'uninstall', entry: 'src/uninstaller/main.ts', since: 'v0.3.0' },
  // The validation framework came with v0.7.0.
  { name: 'validation', file: 'run-all', entry: 'src/validation/main.ts', since: 'v0.7.0' },
];

/** Writes <outDir>/<version>/orchat and what belongs to it for every release, and releases.json with their digests. */
export async function buildReleases(outDir) {
  const { build } = await import('esbuild');
  const index = {};
  const digests = {};
  const releases = await readReleases(build);
  const place = (version) => releases.findIndex((release) => release.version === version);
  for (const release of releases) {
    mkdirSync(join(outDir, release.version), { recursive: true });
    const put = async (file, entry, program = '') => {
      const bytes = await bundle(build, entry, { ORCHAT_RELEASE: release, ORCHAT_DIGESTS: digests, ORCHAT_PROGRAM: program });
      replace(join(outDir, release.version, file), bytes, 0o755);
      return { bytes, told: { file: `${release.version}/${file}`, sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length } };
    };
    const program = await put('orchat', 'src/main.ts');
    // An installer knows its own release and those before it, and carries the program of its own.
    digests[release.version] = program.told.sha256;
    const artifacts = {};
    for (const { name, file, entry, since } of beside) {
      if (place(release.version) < place(since)) continue;
      artifacts[name] = (await put(file, entry, program.bytes.toString('utf8'))).told;
    }
    index[release.version] = { ...program.told, artifacts };
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

async function bundle(build, entry, constants) {
  const { outputFiles } = await build({
    absWorkingDir: here,
    entryPoints: [entry],
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
    define: Object.fromEntries(Object.entries(constants).map(([name, value]) => [name, JSON.stringify(value)])),
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
  const built = Object.values(index).flatMap((program) => [program, ...Object.values(program.artifacts)]);
  const digests = parseDocument(text)
    .get('releases')
    .items.flatMap((release) => release.get('artifacts').items)
    .map((artifact) => ({
      sha256: built.find(({ file }) => file === artifact.get('file')).sha256,
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
