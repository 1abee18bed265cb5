import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './sources.js';

const headings = readFileSync(join(root, 'test/fixtures/guide-headings.txt'), 'utf8').split('\n').filter((line) => line !== '');
const rows = readFileSync(join(root, 'docs/guide-coverage.md'), 'utf8').split('\n').filter((line) => line.startsWith('| ')).slice(1)
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()) as [heading: string, where: string, tests: string]);

/** Headings of the guide that no test runs yet; the list may only shrink. */
const open = [
  'Blue-Green Deployment', 'Issue: Permission denied during install', 'Issue: Config migration fails', 'Issue: Version mismatch after upgrade',
  'Issue: Performance degradation', 'Pre-Upgrade Consultation', 'Upgrade Assistance', 'Post-Upgrade Support', 'Upgrade Certification',
];

it('has a line for every heading of the guide, in its order', () => {
  expect(rows.map(([heading]) => heading)).toEqual(headings);
});

it('names a test for every heading but those that are still to come', () => {
  expect(rows.filter(([, , tests]) => tests === '-').map(([heading]) => heading)).toEqual(open);
});

it('names files that there are', () => {
  const named = rows.flatMap(([, where, tests]) => [...`${where} ${tests}`.matchAll(/`((?:test|libs|apps|catalog|monitoring|runbooks)\/[\w./-]+|[\w-]+\.yaml)`/g)].map(([, file]) => file!));
  const paths = named.map((file) => (file.includes('/') ? file.replace(/^runbooks\//, 'catalog/orchat/runbooks/') : `catalog/orchat/runbooks/${file}`));
  expect(paths.length).toBeGreaterThan(30);
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
