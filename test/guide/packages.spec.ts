import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCatalogue } from '#messaging';
import { root } from '../houserules/sources.js';
import { Guide } from '../support/guide.js';
import type { GuideNode } from '../support/guide.js';
import { mirror } from '../support/sandboxes.js';

const catalogue = loadCatalogue(join(root, 'catalog/orchat'));
const commandsOf = (method: string) => {
  const { install } = catalogue.methods.find((one) => one.method === method)!;
  return install.flatMap((name) => catalogue.runbooks.find((one) => one.runbook === name)!.content.steps).flatMap(({ run }) => (run ? [run.join(' ')] : []));
};

it('upgrades by brew and yay with the commands of the guide', () => {
  expect(commandsOf('brew')).toEqual(['brew update', 'brew upgrade orchat', 'orchat --version']);
  // Without --noconfirm yay would ask, and nobody sits there to answer.
  expect(commandsOf('yay')).toEqual(['yay -S --noconfirm orchat', 'orchat --version']);
});

it.each([['brew', { 'fact/installer': 'brew' }], ['yay', { 'fact/installer': 'yay' }]])('takes %s where the agent is told so', (method, when) => {
  expect(catalogue.methods.find((one) => one.method === method)).toMatchObject({ when, rollback: ['put-back'] });
});

/**
 * Neither brew nor yay is at hand where tests run. A program of that name stands in: it writes down how it was called
 * and puts a release in place. This proves what Rollbook does around a package manager, and nothing about these two.
 */
describe('around a program that stands in for a package manager', () => {
  let guide: Guide;

  beforeAll(async () => {
    guide = await Guide.start();
  }, 60_000);
  afterAll(() => guide.stop());

  async function managed(manager: string, brings: string): Promise<GuideNode> {
    const node = await guide.node(`by-${manager}-${brings.replaceAll('.', '-')}`, 'v0.6.2', { labels: { 'fact/installer': manager } });
    mkdirSync(node.at('packages'));
    const release = join(mirror, 'orchat', brings, 'orchat');
    const lines = ['#!/bin/sh', 'echo "$@" >> "$HOME/.cache/calls"', `case "$1" in upgrade | -S) cp '${release}' "$HOME/packages/orchat" && mv "$HOME/packages/orchat" "$HOME/.local/bin/orchat" ;; esac`, ''];
    writeFileSync(node.at(`.local/bin/${manager}`), lines.join('\n'), { mode: 0o755 });
    return node;
  }
  const calls = (node: GuideNode) => readFileSync(node.at('.cache/calls'), 'utf8').trim().split('\n');

  it.each([['brew', ['update', 'upgrade orchat']], ['yay', ['-S --noconfirm orchat']]])('%s is called once for each step, and the way back is the old program from the mirror', async (manager, called) => {
    const node = await managed(manager, 'v0.7.0');
    const before = node.files();
    const rollout = await node.upgrade('v0.7.0');
    expect(await node.badSteps()).toEqual([]);
    expect(await node.state()).toMatchObject({ version: 'v0.7.0', health: 'healthy' });
    expect(calls(node)).toEqual(called);
    await node.rollBack(rollout);
    expect(await node.state()).toMatchObject({ version: 'v0.6.2', health: 'healthy', activity: { kind: 'idle' } });
    expect(node.files()).toEqual(before);
  }, 120_000);

  it('one that brings another release than the planned one is found out, and the node goes back', async () => {
    const node = await managed('yay', 'v0.8.0');
    const before = node.files();
    await node.upgrade('v0.7.0');
    expect(await node.last('upgrade.failed')).toMatchObject({ step: 'version', reason: 'version-mismatch' });
    expect(await node.state()).toMatchObject({ version: 'v0.6.2', health: 'healthy', activity: { kind: 'idle' } });
    expect(node.files()).toEqual(before);
  }, 120_000);
});
