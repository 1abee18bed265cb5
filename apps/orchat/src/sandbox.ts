import { parseArgs } from 'node:util';
import { type SandboxWish, createSandbox } from './sandbox/create.js';

const usage = `sandbox create --home DIR --release VERSION --releases DIR [options]

Makes a node's home at a release. A home that is there already is left as it is. Prints one JSON line.

  --home DIR           the home to make
  --release VERSION    the release installed in it, as v0.6.2
  --releases DIR       where the built releases lie (releases.json and <version>/orchat)
  --history LINES      how many prompts were asked before (12)
  --config FILE        settings of this node's own, taken as they are
  --quota-left BYTES   sets ~/.orchat_quota so that this many bytes are left
  --pin-boot           pins the boot cache to this release

A node at v0.6.2 with --quota-left 200000 passes the health and system checks of v0.6.2 and has room for a
backup and the conversion of its settings, but fails the post-upgrade health check of v0.7.0, whose metrics
journal of 262144 bytes does not fit. (With few prompts: 130000 to 330000; with less the backup is refused.)
A node with --pin-boot goes on as its old release after an upgrade.
`;

const options = {
  home: { type: 'string' },
  release: { type: 'string' },
  releases: { type: 'string' },
  history: { type: 'string', default: '12' },
  config: { type: 'string' },
  'quota-left': { type: 'string' },
  'pin-boot': { type: 'boolean', default: false },
} as const;

function parseWish(): SandboxWish {
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  const { home, release, releases, config } = values;
  if (positionals.join(' ') !== 'create') throw new Error('the command is create');
  if (!home || !release || !releases) throw new Error('--home, --release and --releases are needed');
  return {
    home,
    version: release,
    releases,
    historyLines: numberIn(values.history),
    config,
    quotaLeft: values['quota-left'] === undefined ? undefined : numberIn(values['quota-left']),
    pinBoot: values['pin-boot'],
  };
}

function numberIn(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new Error(`${text} is no number`);
}

function run(): number {
  let wish: SandboxWish;
  try {
    wish = parseWish();
  } catch (error) {
    process.stderr.write(`sandbox: ${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  try {
    process.stdout.write(`${JSON.stringify(createSandbox(wish))}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`sandbox: ${(error as Error).message}\n`);
    return 1;
  }
}

process.exitCode = run();
