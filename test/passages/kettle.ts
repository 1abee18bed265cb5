import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ServedNode } from '../../apps/agent/src/nodes.js';

const versions = ['v1', 'v2', 'v3', 'v4'] as const;
export type KettleVersion = (typeof versions)[number];

/** A product of one small program for each release. Settings have a schema; v4 is slow to start. */
const program = (version: KettleVersion) => `#!/usr/bin/env node
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
const version = '${version}';
const [, , command, argument] = process.argv;
const tell = (value) => console.log(JSON.stringify(value));
const sha256 = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');
const settings = () => JSON.parse(readFileSync('settings.json', 'utf8'));
const copy = (name) => 'backups/' + name + '.json';
const commands = {
  '--version': () => console.log(version),
  health: () => tell({ health: existsSync('settings.json') ? 'healthy' : 'unhealthy' }),
  save() {
    mkdirSync('backups', { recursive: true });
    copyFileSync('settings.json', copy(argument));
    tell({ name: argument, sha256: sha256(copy(argument)), bytes: statSync(copy(argument)).size });
  },
  restore() {
    copyFileSync(copy(argument), 'settings.json');
    tell({ sha256: sha256('settings.json'), matches: sha256('settings.json') === sha256(copy(argument)) });
  },
  convert() {
    const before = settings();
    const after = { ...before, schema: Number(argument.slice(1)) };
    copyFileSync('settings.json', 'settings.old');
    writeFileSync('settings.json', JSON.stringify(after));
    tell({ fromSchema: before.schema, toSchema: after.schema });
  },
  compare() {
    console.log('-' + readFileSync('settings.old', 'utf8'));
    console.log('+' + readFileSync('settings.json', 'utf8'));
  },
  async start() {
    if (version === 'v4') await new Promise((done) => setTimeout(done, 1_200));
    console.log('hot');
  },
  validate() {
    const broken = existsSync('broken');
    tell({ suite: process.env.KETTLE_MODE ?? 'none', total: 4, passed: broken ? 3 : 4, failed: broken ? 1 : 0 });
  },
};
await commands[command]();
`;

/** Puts the release in place by itself, as one-line installers do. */
const installer = (version: KettleVersion) => `#!/usr/bin/env node
import { renameSync, writeFileSync } from 'node:fs';
writeFileSync('.local/bin/kettle.new', ${JSON.stringify(program(version))}, { mode: 0o755 });
renameSync('.local/bin/kettle.new', '.local/bin/kettle');
writeFileSync('installed-by', 'installer');
`;

const step = (name: string, kind: string, run: string, more: string[] = []) =>
  [`  - step: ${name}`, `    title: ${name} of the kettle`, `    kind: ${kind}`, `    run: ${run}`, '    timeout: 30s', '    repeat: safe', ...more.map((line) => `    ${line}`)].join('\n');
const stop = 'on-failure: stop';
const back = 'on-failure: rollback';
const changes = 'changes: true';
const facts = (...names: string[]) => `facts: { ${names.map((name) => `${name}: { json: ${name} }`).join(', ')} }`;
const version = step('version', 'version', '[kettle, --version]', ['facts: { version: { match: \'^(v\\d+)$\' } }', back]);
const put = ['  - step: binary', '    title: Put it in place', '    kind: install', '    install: { artifact: "${artifact}", sha256: "${sha256}", to: .local/bin/kettle, mode: "755" }', '    timeout: 30s', '    repeat: safe', `    ${back}`, `    ${changes}`].join('\n');
const putInstaller = put.replace('binary', 'installer').replace('${artifact}', '${installer}').replace('${sha256}', '${installersha256}').replace('bin/kettle', 'bin/kettle-installer');
const binary = ['artifact: { type: artifact }', 'sha256: { type: digest }'];
const backup = 'backup: { type: name }';

const runbooks: { [name: string]: [parameters: string[], steps: string[]] } = {
  check: [[], [step('health', 'health', '[kettle, health]', [facts('health'), stop]), step('before', 'baseline', '[kettle, start]', ['measure: 3', stop])]],
  save: [[backup], [step('save', 'backup', '[kettle, save, "${backup}"]', [facts('name', 'sha256', 'bytes'), stop])]],
  binary: [binary, [put, version]],
  script: [['installer: { type: artifact }', 'installersha256: { type: digest }'], [putInstaller, step('run', 'command', '[kettle-installer]', [back, changes]), version]],
  convert: [['to: { type: version }'], [
    step('convert', 'migration', '[kettle, convert, "${to}"]', [facts('fromSchema', 'toSchema'), back, changes]),
    step('compare', 'review', '[kettle, compare]', ['decide-within: 30m', back]),
  ]],
  verify: [[], [
    step('after', 'baseline', '[kettle, start]', ['measure: 3', back]),
    step('suite', 'validation', '[kettle, validate]', ['env: { KETTLE_MODE: test }', facts('suite', 'total', 'passed', 'failed'), back]),
    step('healthy', 'health', '[kettle, health]', [facts('health'), back]),
  ]],
  restore: [[...binary, backup], [put, step('restore', 'restore', '[kettle, restore, "${backup}"]', [facts('sha256', 'matches'), back, changes]), version]],
  reinstall: [[...binary, backup], [
    step('pack', 'archive', '[kettle, save, "${backup}"]', [facts('name', 'sha256', 'bytes'), stop]),
    step('clear', 'remove', '[rm, -f, settings.json, .local/bin/kettle]', [back, changes]),
    put, step('data', 'restore', '[kettle, restore, "${backup}"]', [facts('sha256', 'matches'), back, changes]), version,
  ]],
  look: [[], [step('look', 'review', '[kettle, start]', ['decide-within: 500ms', stop])]],
};

const list = (names: string[]) => `[${names.map((name) => JSON.stringify(name)).join(', ')}]`;
const path = (from: string, to: string, migration: string, upgrade: string[], more = '') =>
  `  - from: [${from}]\n    to: ${to}\n    migration: ${migration}\n${more}    upgrade: ${list(upgrade)}\n    rollback: [restore]\n`;

function catalogueText(digestOf: (file: string) => string): string {
  const releases = versions.map((one) => [
    `  - version: ${one}`, '    artifacts:', ...['kettle', 'installer'].map((name) => `      - { name: ${name}, file: ${one}/${name}, sha256: "${digestOf(`${one}/${name}`)}" }`),
  ].join('\n'));
  return `product: kettle
name: Kettle
version-command: [kettle, --version]
health-command: [kettle, health]
releases:
${releases.join('\n')}
paths:
${path('v1', 'v2', 'manual', ['check', 'save', '@install', 'convert'], '    notes: [Descale it first]\n')}${path('v2', 'v3', 'automatic', ['check', 'save', '@install', 'verify'])}${path('v3', 'v4', 'automatic', ['check', 'save', '@install', 'verify'])}
methods:
  - { method: binary, install: [binary], rollback: [restore] }
  - { method: script, install: [script], rollback: [restore], when: { installer: script } }
downgrades:
  - { from: [v3], to: v2, runbooks: [binary] }
  - { from: [v3], to: v1, reason: it cannot read the settings }
procedures:
  - { procedure: reinstall, title: Remove it and install it again, runbooks: [reinstall] }
  - { procedure: look, title: Look at it, runbooks: [look] }
`;
}

/** Catalogue and artifacts under a folder. */
export function makeKettle(folder: string): { catalog: string; mirror: string } {
  const [catalog, mirror] = [join(folder, 'catalog'), join(folder, 'mirror')];
  const write = (file: string, text: string) => (mkdirSync(dirname(file), { recursive: true }), writeFileSync(file, text));
  const digests = new Map<string, string>();
  for (const one of versions) {
    for (const [name, text] of [['kettle', program(one)], ['installer', installer(one)]] as const) {
      write(join(mirror, 'kettle', one, name), text);
      digests.set(`${one}/${name}`, createHash('sha256').update(text).digest('hex'));
    }
  }
  write(join(catalog, 'kettle/product.yaml'), catalogueText((file) => digests.get(file)!));
  for (const [name, [parameters, steps]] of Object.entries(runbooks)) {
    const declared = parameters.length === 0 ? '' : `parameters:\n${parameters.map((one) => `  ${one}\n`).join('')}`;
    write(join(catalog, `kettle/runbooks/${name}.yaml`), `runbook: ${name}\ntitle: Runbook ${name}\n${declared}steps:\n${steps.join('\n')}\n`);
  }
  return { catalog, mirror };
}

/** A home that runs a release, with settings of its own. */
export function makeHome(folder: string, node: string, at: KettleVersion, labels: ServedNode['labels'] = {}): ServedNode {
  const home = join(folder, 'homes', node);
  const bin = join(home, '.local/bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'kettle'), program(at));
  chmodSync(join(bin, 'kettle'), 0o755);
  writeFileSync(join(home, 'settings.json'), JSON.stringify({ schema: Number(at.slice(1)), owner: node }));
  return { node, product: 'kettle', home, labels };
}
