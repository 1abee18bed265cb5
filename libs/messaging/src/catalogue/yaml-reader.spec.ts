import { CatalogueError, YamlFile } from './yaml-reader.js';

const problemsOf = (text: string) => {
  const yaml = new YamlFile('f.yaml', text);
  yaml.root.map(['a', 'b']);
  return yaml.problems.map(({ line, field, says }) => `${line} ${field}: ${says}`);
};

it.each([
  ['a text that is cut off', 'a: "x\nb: 1\n', /^3 : Missing closing "quote$/],
  ['a tab for indentation', 'a:\n\t- 1\n', /^2 : Tabs are not allowed/],
  ['a key twice', 'a: 1\nb: 2\na: 3\n', /^3 : Map keys must be unique$/],
  ['several documents', 'a: 1\n---\nb: 2\n', /^2 : Source contains multiple documents/],
  ['a key that is no text', '? [x]\n: 1\n', /^1 : With stringKeys, all keys must be strings$/],
  ['an older YAML', '%YAML 1.1\n---\na: yes\n', /^1 : must be YAML 1\.2$/],
  ['nothing', '', /^1 : must be a map of a, b$/],
  ['a list', '- a\n', /^1 : must be a map of a, b$/],
])('says where a file is wrong that holds %s', (_, text, told) => {
  expect(problemsOf(text)).toEqual([expect.stringMatching(told)]);
});

it('tells all mistakes of the syntax at once, and nothing that only follows from them', () => {
  expect(problemsOf('a: 1\na: 2\nb: 1\nb: 2\nc: 3\n')).toEqual(['2 : Map keys must be unique', '4 : Map keys must be unique']);
});

it.each(['!!str 1.10', '!!binary aGk=', '!js/function "x"', '!!int "3"', '!thing [1]', '!thing {a: 1}', '! x'])('reads no tag: %s', (value) => {
  expect(problemsOf(`b: 1\na: ${value}\n`)).toEqual([expect.stringMatching(/^2 : holds the tag !?[\w:.,/!]+, which is not read$/)]);
});

it('follows no alias, so that nothing grows by naming it again', () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]', ...'bcdefghij'.split('').map((key, i) => `${key}: &${key} [${Array(9).fill(`*${'abcdefghi'[i]}`).join()}]`)].join('\n');
  const told = problemsOf(bomb);
  expect(told).toHaveLength(81);
  expect(told[0]).toBe('2 : holds the alias *a; write it out');
  expect(problemsOf('a: *nowhere\n')).toContain('1 : holds the alias *nowhere; write it out');
  expect(problemsOf('a: {x: 1}\nb:\n  <<: *a\n')).toContain('3 : holds the alias *a; write it out');
});

it.each([
  ['lists', '['.repeat(50_000)], ['maps', '{a: '.repeat(50_000)], ['dashes', '- '.repeat(50_000)], ['questions', '? '.repeat(50_000)],
  ['lines', Array.from({ length: 400 }, (_, i) => `${' '.repeat(i)}a:\n`).join('')],
])('refuses %s inside of each other without end, instead of following them', (_, text) => {
  expect(problemsOf(text)).toEqual(['1 : nests more deeply than 32 levels']);
});

it('refuses a file that is far too long before it reads it', () => {
  expect(problemsOf(`a: ${'x'.repeat(1024 * 1024)}`)).toEqual(['1 : is longer than 1048576 characters']);
});

it('puts every problem on a line of the message, with file and line', () => {
  const error = new CatalogueError([{ file: 'f.yaml', line: 2, field: 'a.b[0]', says: 'must be a text' }, { file: 'g.yaml', line: 1, field: '', says: 'is no YAML' }]);
  expect(error.message).toBe('f.yaml:2: a.b[0]: must be a text\ng.yaml:1: is no YAML');
});

it('reads a version as it is written', () => {
  const yaml = new YamlFile('f.yaml', 'a: 1.10\nb: "1.10"\n');
  const { a, b } = yaml.root.map(['a', 'b']);
  expect([a.written(/./, ''), b.written(/./, '')]).toEqual(['1.10', '1.10']);
});
