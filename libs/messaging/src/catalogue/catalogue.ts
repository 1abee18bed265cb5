import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CatalogueError, YamlFile } from './yaml-reader.js';
import type { Field, FileProblem } from './yaml-reader.js';
import { parseRunbook, readArguments } from './runbook.js';
import type { DigestedRunbook } from './runbook.js';
import { readDowngrade, readMethod, readPath, readProcedure } from './ways.js';
import type { DowngradeEntry, MethodEntry, PathEntry, ProcedureEntry } from './ways.js';
import { name, version } from '../shapes.js';

const day = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
const digest = /^[0-9a-f]{64}$/;
const relativePath = /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/;

export interface ProductFile {
  product: string;
  name: string;
  versionCommand: string[];
  healthCommand: string[] | null;
  /** What counts errors and the like: its JSON answer's numbers. */
  metricsCommand: string[] | null;
  releases: {
    version: string; released: string | null; scheduled: string | null; activeSupportEnds: string | null; supportEnds: string | null;
    breaking: string[]; notes: string[];
    artifacts: { name: string; file: string; sha256: string }[];
  }[];
  paths: PathEntry[];
  requires: { from: string[]; to: string; via: string; reason: string }[];
  methods: MethodEntry[];
  downgrades: DowngradeEntry[];
  procedures: ProcedureEntry[];
}

export interface LoadedCatalogue extends ProductFile {
  runbooks: DigestedRunbook[];
}

/** Every product under a directory: `<product>/product.yaml` and `<product>/runbooks/*.yaml`. Throws `CatalogueError`. */
export function loadCatalogues(root: string): LoadedCatalogue[] {
  const products = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
  return products.map((product) => loadCatalogue(join(root, product)));
}

export function loadCatalogue(folder: string): LoadedCatalogue {
  const problems: FileProblem[] = [];
  const file = join(folder, 'product.yaml');
  const product = parseProduct(file, readFileSync(file, 'utf8'));
  if ('problems' in product) problems.push(...product.problems);
  const runbooks = loadRunbooks(join(folder, 'runbooks'), problems);
  if (problems.length > 0 || 'problems' in product) throw new CatalogueError(problems);
  return { ...product, runbooks };
}

/** The runbooks of a directory, in the order of their file names. */
export function loadRunbooks(folder: string, problems: FileProblem[] = []): DigestedRunbook[] {
  const runbooks: DigestedRunbook[] = [];
  for (const entry of readdirSync(folder).filter((one) => one.endsWith('.yaml')).sort()) {
    const file = join(folder, entry);
    const parsed = parseRunbook(file, readFileSync(file, 'utf8'));
    if ('problems' in parsed) problems.push(...parsed.problems);
    else if (parsed.runbook.runbook !== entry.replace(/\.yaml$/, '')) {
      problems.push({ file, line: 1, field: 'runbook', says: 'must be the name of its file' });
    } else runbooks.push(parsed.runbook);
  }
  return runbooks;
}

export function parseProduct(file: string, text: string): ProductFile | { problems: FileProblem[] } {
  const yaml = new YamlFile(file, text);
  const fields = yaml.root.map([
    'product', 'name', 'version-command', 'health-command', 'metrics-command', 'releases', 'paths', 'requires', 'methods', 'downgrades', 'procedures',
  ]);
  const product: ProductFile = {
    product: fields.product.text(name, 'lower-case letters, digits, dots and dashes'),
    name: fields.name.text(/^.{1,80}$/, 'a text of at most 80 characters'),
    versionCommand: readArguments(fields['version-command']),
    healthCommand: fields['health-command'].present ? readArguments(fields['health-command']) : null,
    metricsCommand: fields['metrics-command'].present ? readArguments(fields['metrics-command']) : null,
    releases: fields.releases.list().map(readRelease),
    paths: fields.paths.list().map(readPath),
    requires: fields.requires.list().map(readRequirement),
    methods: fields.methods.list().map(readMethod),
    downgrades: fields.downgrades.list().map(readDowngrade),
    procedures: fields.procedures.list().map(readProcedure),
  };
  if (product.releases.length === 0) fields.releases.wrong('must list at least one release');
  return yaml.problems.length > 0 ? { problems: yaml.problems } : product;
}

function readRelease(field: Field): ProductFile['releases'][number] {
  const fields = field.map(['version', 'released', 'scheduled', 'active-support-ends', 'support-ends', 'breaking', 'notes', 'artifacts']);
  const date = (one: Field) => (one.present ? one.written(day, 'a day like 2026-01-16') : null);
  return {
    version: fields.version.written(version, 'a version like v0.7.0'),
    released: date(fields.released),
    scheduled: date(fields.scheduled),
    activeSupportEnds: date(fields['active-support-ends']),
    supportEnds: date(fields['support-ends']),
    breaking: fields.breaking.list().map((one) => one.text()),
    notes: fields.notes.list().map((one) => one.text()),
    artifacts: fields.artifacts.list().map((one) => {
      const { name: label, file, sha256 } = one.map(['name', 'file', 'sha256']);
      return {
        name: label.text(name, 'lower-case letters, digits, dots and dashes'),
        file: file.text(relativePath, 'a relative path'),
        sha256: sha256.written(digest, 'a SHA-256 in 64 hex digits'),
      };
    }),
  };
}

function readRequirement(field: Field): ProductFile['requires'][number] {
  const fields = field.map(['from', 'to', 'via', 'reason']);
  const from = fields.from.list().map((one) => one.written(version, 'a version like v0.6.2'));
  if (from.length === 0) fields.from.wrong('must list at least one version');
  return { from, to: fields.to.written(version, 'a version like v0.7.0'), via: fields.via.written(version, 'a version like v0.6.2'), reason: fields.reason.text() };
}
