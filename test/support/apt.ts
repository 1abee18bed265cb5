import { createHash } from 'node:crypto';
import { accessSync, chmodSync, constants, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runProcess } from './machine.js';
import { mirror } from './sandboxes.js';
import { describeNeeding } from './needs.js';

const needed = ['/usr/bin/apt-get', '/usr/bin/dpkg', '/usr/bin/dpkg-deb', '/usr/bin/dpkg-query'];

function lack(): string | undefined {
  const missing = needed.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return false;
    } catch {
      return true;
    }
  });
  return missing === undefined ? undefined : `${missing} is not there`;
}

/** A `describe` that needs apt and dpkg. Elsewhere it is skipped by name, or fails when ROLLBOOK_REQUIRE_APT=1. */
export function describeWithApt(name: string, tests: () => void): void {
  describeNeeding(name, { what: 'apt', reason: lack(), variable: 'ROLLBOOK_REQUIRE_APT' }, tests);
}

/** A Debian system of its own in a folder: apt's and dpkg's state, a repository, and nothing of the machine's. */
export class AptRoot {
  readonly root: string;
  private readonly repository: string;
  private readonly config: string;

  constructor(folder: string) {
    [this.root, this.repository, this.config] = [join(folder, 'root'), join(folder, 'repository'), join(folder, 'apt.conf')];
    for (const place of ['etc/apt/apt.conf.d', 'etc/apt/preferences.d', 'etc/apt/sources.list.d', 'var/lib/apt/lists/partial', 'var/cache/apt/archives/partial', 'var/lib/dpkg/info', 'var/lib/dpkg/updates', 'var/log/apt']) {
      mkdirSync(join(this.root, place), { recursive: true });
    }
    mkdirSync(this.repository);
    for (const file of ['status', 'available']) writeFileSync(join(this.root, 'var/lib/dpkg', file), '');
    writeFileSync(join(this.root, 'etc/apt/sources.list'), `deb [trusted=yes] file:${this.repository} ./\n`);
    writeFileSync(this.config, [
      `Dir "${this.root}/";`, `Dir::State::status "${this.root}/var/lib/dpkg/status";`, 'Dir::Bin::dpkg "/usr/bin/dpkg";',
      `Dir::Log "${this.root}/var/log/apt";`, 'APT::Sandbox::User "";', 'DPkg::Path "/usr/sbin:/usr/bin:/sbin:/bin";',
      `DPkg::Options { "--root=${this.root}"; "--force-not-root"; "--log=${this.root}/var/log/dpkg.log"; };`, '',
    ].join('\n'));
  }

  /** Builds a package of a release of the stand-in, and publishes what the repository holds. */
  async publish(version: string): Promise<void> {
    const folder = join(this.root, '..', 'build', version);
    const program = join(folder, 'usr/bin/orchat');
    mkdirSync(join(folder, 'DEBIAN'), { recursive: true });
    mkdirSync(dirname(program), { recursive: true });
    copyFileSync(join(mirror, 'orchat', `v${version}`, 'orchat'), program);
    chmodSync(program, 0o755);
    writeFileSync(join(folder, 'DEBIAN/control'), `${control(version)}\n`);
    const file = `orchat_${version}_all.deb`;
    await must('/usr/bin/dpkg-deb', ['--root-owner-group', '--build', folder, join(this.repository, file)], process.env);
    const [bytes, index] = [readFileSync(join(this.repository, file)), join(this.repository, 'Packages')];
    const entry = `${control(version)}\nFilename: ./${file}\nSize: ${bytes.length}\nSHA256: ${createHash('sha256').update(bytes).digest('hex')}\n\n`;
    const before = statSync(index, { throwIfNoEntry: false }) ? readFileSync(index, 'utf8') : '';
    writeFileSync(index, before + entry);
  }

  apt(...args: string[]): Promise<string> {
    return must('/usr/bin/apt-get', args, { ...process.env, APT_CONFIG: this.config });
  }

  /** The version that dpkg has on its books. */
  async installed(): Promise<string> {
    const said = await must('/usr/bin/dpkg-query', [`--admindir=${this.root}/var/lib/dpkg`, '--show', '--showformat=${Version}', 'orchat'], process.env);
    return said.trim();
  }

  /** Makes this system that of a node: its own apt-get and dpkg-query come first on its path, and so does its program. */
  isUnder(home: string): void {
    const bin = join(home, '.local/bin');
    rmSync(join(bin, 'orchat'));
    symlinkSync(join(this.root, 'usr/bin/orchat'), join(bin, 'orchat'));
    const wrap = (name: string, text: string) => writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    wrap('apt-get', `APT_CONFIG='${this.config}' exec /usr/bin/apt-get "$@"`);
    wrap('dpkg-query', `exec /usr/bin/dpkg-query '--admindir=${this.root}/var/lib/dpkg' "$@"`);
  }
}

function control(version: string): string {
  return ['Package: orchat', `Version: ${version}`, 'Architecture: all', 'Maintainer: ORCHAT <packages@orchat.example>', 'Description: stand-in for ORCHAT'].join('\n');
}

async function must(program: string, args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { code, stdout, stderr } = await runProcess(program, args, env);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
  return stdout;
}
