import { join } from 'node:path';
import { root } from '../houserules/sources.js';
import { runProcess } from '../support/machine.js';

const bench = (...args: string[]) => runProcess(process.execPath, [join(root, 'scripts/bench.mjs'), ...args]);
const names = ['append', 'rebuild', 'publish', 'fleet', 'http', 'memory'];

it('ends with one line of JSON that holds figures and ratios', async () => {
  const { code, stdout, stderr } = await bench('append', '--quick', '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const line = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as { [name: string]: { [name: string]: unknown } };
  expect(line).toMatchObject({ bench: 'append', machine: { node: process.versions.node } });
  expect(line['limits']).toMatch(/limit/);
  expect(line['machine']!['cores']).toBeGreaterThan(0);
  expect(line['machine']!['postgres']).toMatch(/^\d/);
  expect(Object.keys(line['ratios']!)).toEqual(['raw-1', 'raw-10', 'raw-50', 'raw-200']);
  expect(Object.keys(line['figures']!)).toEqual(expect.arrayContaining(['rollbook-50-per-second', 'rollbook-50-p99-ms', 'raw-200-per-second', 'batch-200']));
  for (const value of Object.values({ ...line['figures'], ...line['ratios'] })) expect(value).toBeGreaterThan(0);
  expect(line['targets']).toHaveProperty('raw-200.least', 0.8);
}, 60_000);

it('says what there is when none is named', async () => {
  const { code, stderr } = await bench();
  expect(code).toBe(2);
  for (const name of names) expect(stderr).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
});

it.each([
  ['a name that is none', ['speed'], `bench: there is no bench speed; there are: ${names.join(', ')}\n`],
  ['a name that every object has', ['constructor'], `bench: there is no bench constructor; there are: ${names.join(', ')}\n`],
  ['two names', ['append', 'http'], 'bench: one bench at a time\n'],
])('refuses %s in one line', async (...[, args, says]) => {
  expect(await bench(...args)).toEqual({ code: 2, stdout: '', stderr: says });
});
