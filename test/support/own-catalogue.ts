import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { root } from '../houserules/sources.js';

/** A catalogue and a mirror of a test's own: those of the stand-in product, and what the test adds. */
export class OwnCatalogue {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollbook-catalogue-'));
  readonly env: { [name: string]: string };

  constructor() {
    cpSync(join(root, 'catalog'), join(this.folder, 'catalog'), { recursive: true });
    cpSync(join(root, 'dist/orchat'), join(this.folder, 'mirror/orchat'), { recursive: true });
    this.env = { ROLLBOOK_CATALOG: join(this.folder, 'catalog'), ROLLBOOK_ARTIFACTS: join(this.folder, 'mirror') };
  }

  /** Publishes a release with something else about it than the product's own, under the digest that it has then, with a path from v0.6.2. */
  spoil(version: string, code: string): void {
    const file = join(this.folder, 'mirror/orchat', version, 'orchat');
    const [shebang, banner, ...rest] = readFileSync(file, 'utf8').split('\n');
    const text = [shebang, banner, code, ...rest].join('\n');
    writeFileSync(file, text, { mode: 0o755 });
    const sha256 = createHash('sha256').update(text).digest('hex');
    this.edit((product) => {
      const { releases, paths } = product.toJS() as { releases: { version: string; artifacts: object[] }[]; paths: { from: string[]; to: string; upgrade: string[] }[] };
      const known = releases.find((one) => one.version === version)!;
      const spoilt = { version, released: '2026-01-17', artifacts: known.artifacts.map((one, i) => (i === 0 ? { ...one, sha256 } : one)) };
      product.set('releases', product.createNode(releases.map((one) => (one === known ? spoilt : one)), { aliasDuplicateObjects: false }));
      const others = paths.filter((one) => one.to !== version);
      const path = paths.find((one) => one.to === 'v0.7.0' && one.from.includes('v0.6.2'))!;
      // The validation suite knows the real program by its digest.
      const upgrade = path.upgrade.filter((runbook) => runbook !== 'validate-quick');
      product.set('paths', product.createNode([...others, { ...path, upgrade, from: ['v0.6.2'], to: version }], { aliasDuplicateObjects: false }));
    });
  }

  /** How the agent counts what the product counts. */
  countBy(program: string): void {
    const script = join(this.folder, 'count.mjs');
    writeFileSync(script, program);
    this.edit((product) => product.set('metrics-command', ['node', script]));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private edit(change: (product: ReturnType<typeof parseDocument>) => void): void {
    const file = join(this.folder, 'catalog/orchat/product.yaml');
    const product = parseDocument(readFileSync(file, 'utf8'));
    change(product);
    writeFileSync(file, product.toString({ lineWidth: 0 }));
  }
}
