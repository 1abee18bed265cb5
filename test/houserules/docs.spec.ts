import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { settings } from '#platform';
import { root } from './sources.js';

const read = (file: string) => readFileSync(join(root, file), 'utf8');
const pages = [...readdirSync(root), ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((file) => `docs/${file}`)].filter((file) => file.endsWith('.md'));

/** The row that a setting must have in docs/configuration.md. */
const rowOf = ({ name, defaultText, about }: { name: string; defaultText: string; about: string }) => `| \`${name}\` | ${defaultText || '-'} | ${about} |`;

it('tells every setting in docs/configuration.md as it is, and no other', () => {
  const rows = read('docs/configuration.md').split('\n').filter((line) => line.startsWith('| `'));
  expect(rows).toEqual(Object.values(settings).map(rowOf));
});

it.each(pages)('%s links to files that there are', (page) => {
  const targets = [...read(page).matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)].map(([, target]) => target!).filter((target) => !/^[a-z]+:/.test(target));
  expect(targets.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([]);
});

it('names every decision in their table of contents', () => {
  const decisions = readdirSync(join(root, 'docs/decisions')).filter((file) => file !== 'README.md');
  expect(decisions.filter((file) => !read('docs/decisions/README.md').includes(`(${file})`))).toEqual([]);
  for (const file of decisions) expect(read(`docs/decisions/${file}`)).toMatch(new RegExp(`^# ${file.slice(0, 4)}: [^]*\\*\\*Decision\\.\\*\\*`));
});
