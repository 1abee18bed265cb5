import { parseProduct } from './catalogue.js';

const sha256 = 'b'.repeat(64);
const text = `product: thing
name: The Thing
version-command: [thing, --version]
health-command: [thing, health]
releases:
  - version: 1.10
    released: 2026-01-16
    artifacts:
      - name: thing
        file: 1.10/thing
        sha256: "${sha256}"
  - version: v1.9
    support-ends: 2026-04-01
    breaking: [All of it]
    notes: [One, Two]
paths:
  - from: [v1.9]
    to: 1.10
    migration: automatic
    upgrade: [up]
    rollback: [back]
`;
const problems = (...changes: [string, string][]) => {
  const file = changes.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`the sample does not hold ${from}`);
    return before.replace(from, () => to);
  }, text);
  const parsed = parseProduct('product.yaml', file);
  return 'problems' in parsed ? parsed.problems.map(({ line, field, says }) => `${line} ${field} ${says}`) : [];
};

it('reads a good one', () => {
  const artifact = { name: 'thing', file: '1.10/thing', sha256 };
  expect(parseProduct('product.yaml', text)).toEqual({
    product: 'thing', name: 'The Thing', versionCommand: ['thing', '--version'], healthCommand: ['thing', 'health'],
    releases: [
      { version: '1.10', released: '2026-01-16', scheduled: null, supportEnds: null, breaking: [], notes: [], artifacts: [artifact] },
      { version: 'v1.9', released: null, scheduled: null, supportEnds: '2026-04-01', breaking: ['All of it'], notes: ['One', 'Two'], artifacts: [] },
    ],
    paths: [{ from: ['v1.9'], to: '1.10', migration: 'automatic', notes: [], upgrade: ['up'], rollback: ['back'] }],
    methods: [], downgrades: [], procedures: [],
  });
});

it('reads 1.10 as it is written, not as the number 1.1', () => {
  const versions = (written: string) => {
    const parsed = parseProduct('product.yaml', text.replace('version: 1.10', `version: ${written}`).replace('to: 1.10', `to: ${written}`));
    return 'problems' in parsed ? [] : [parsed.releases[0]!.version, parsed.paths[0]!.to];
  };
  for (const written of ['1.10', '1.1', '10', '1', '1.10.0', 'v2.0-rc.1+b5']) expect(versions(written)).toEqual([written, written]);
  expect(versions('"1.10"')).toEqual(['1.10', '1.10']);
});

it('reads a digest of nothing but digits as it is written', () => {
  const digits = '12345678'.repeat(8);
  const parsed = parseProduct('product.yaml', text.replace(`"${sha256}"`, digits));
  expect('releases' in parsed && parsed.releases[0]!.artifacts[0]!.sha256).toBe(digits);
});

it('may do without a health command', () => {
  const parsed = parseProduct('product.yaml', text.replace('health-command: [thing, health]\n', ''));
  expect('healthCommand' in parsed && parsed.healthCommand).toBeNull();
});

it.each<[string, [string, string], RegExp]>([
  ['an unknown field', ['name: The', 'vendor: x\nname: The'], /^2 vendor is not known here/],
  ['no name', ['name: The Thing\n', ''], /^1 name is missing/],
  ['a name of two lines', ['name: The Thing', 'name: "a\\nb"'], /^2 name must be a text of at most 80/],
  ['a name with NUL', ['name: The Thing', 'name: "a\\0b"'], /^2 name must be a text of at most 80/],
  ['a product in capitals', ['product: thing', 'product: Thing'], /^1 product must be lower-case/],
  ['no version command', ['version-command: [thing, --version]\n', ''], /^1 version-command must list a program/],
  ['a version command with a path', ['[thing, --version]', '[../thing, --version]'], /^3 version-command\[0\] must be the bare name/],
  ['an empty health command', ['health-command: [thing, health]', 'health-command: []'], /^4 health-command must list a program/],
  ['no releases', [text.slice(text.indexOf('releases:'), text.indexOf('paths:')), 'releases: []\n'], /^5 releases must list at least one/],
  ['a version that is none', ['version: 1.10', 'version: newest'], /^6 releases\[0\]\.version must be a version/],
  ['a version that is not there', ['version: 1.10\n    ', ''], /^6 releases\[0\]\.version is missing/],
  ['a day that is none', ['released: 2026-01-16', 'released: 16.1.2026'], /^7 releases\[0\]\.released must be a day/],
  ['a month that is none', ['released: 2026-01-16', 'released: 2026-13-16'], /^7 releases\[0\]\.released must be a day/],
  ['a digest in capitals', [sha256, sha256.toUpperCase()], /^11 releases\[0\]\.artifacts\[0\]\.sha256 must be a SHA-256/],
  ['a digest that is cut off', [sha256, sha256.slice(1)], /^11 releases\[0\]\.artifacts\[0\]\.sha256 must be a SHA-256/],
  ['an artifact from above', ['file: 1.10/thing', 'file: ../thing'], /^10 releases\[0\]\.artifacts\[0\]\.file must be a relative path/],
  ['an artifact from the root', ['file: 1.10/thing', 'file: /thing'], /^10 releases\[0\]\.artifacts\[0\]\.file must be a relative path/],
  ['an artifact of something else', ['name: thing\n        file', 'label: a\n        name: thing\n        file'], /^9 releases\[0\]\.artifacts\[0\]\.label is not known here/],
  ['notes that are one text', ['[One, Two]', 'One'], /^15 releases\[1\]\.notes must be a list/],
  ['a path from nowhere', ['from: [v1.9]', 'from: []'], /^17 paths\[0\]\.from must list at least one version/],
  ['a migration that is none', ['migration: automatic', 'migration: magic'], /^19 paths\[0\]\.migration must be one of automatic, partial/],
  ['no way up', ['upgrade: [up]', 'upgrade: []'], /^20 paths\[0\]\.upgrade must list at least one runbook/],
  ['no way back', ['    rollback: [back]\n', ''], /^17 paths\[0\]\.rollback must list at least one runbook/],
  ['a runbook with a path', ['upgrade: [up]', 'upgrade: [../up]'], /^20 paths\[0\]\.upgrade\[0\] must be the name of a runbook/],
])('names %s', (_, change, told) => {
  expect(problems(change)).toEqual([expect.stringMatching(told)]);
});

it('tells several mistakes at once', () => {
  const told = problems(['name: The Thing\n', ''], ['version: 1.10', 'version: newest'], ['migration: automatic', 'migration: magic'], ['rollback: [back]', 'rollback: [../back]']);
  expect(told.map((one) => one.split(' ')[1])).toEqual(['name', 'releases[0].version', 'paths[0].rollback[0]', 'paths[0].migration']);
});
