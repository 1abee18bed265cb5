import type { Command } from 'commander';
import type { Context } from '../context.js';
import { paint } from '../render/style.js';
import { table } from '../render/table.js';
import type { ProductView } from '../views.js';

interface ProductSummary {
  product: string;
  name: string;
  releases: number;
  latest: string | null;
}

interface CertificationView {
  version: string;
  cases: number;
  verified: number;
  failed: number;
  inconsistent: number;
  migrations: number;
  backups: number;
  rollbacks: number;
  rollbacksProven: number;
}

export function productCommands(program: Command, context: () => Context): void {
  const product = program.command('product').description('products, their releases and upgrade paths');

  product
    .command('list')
    .description('products of the catalogue')
    .action(async () => {
      const { api, out } = context();
      const products = await api.list<ProductSummary>('/v1/products');
      for (const one of products) out.object(one);
      if (products.length === 0) return out.text('The catalogue holds no product.');
      out.text(table(['PRODUCT', 'NAME', 'RELEASES', 'LATEST'], products.map((one) => [one.product, one.name, String(one.releases), one.latest ?? '-'])));
    });

  product
    .command('show')
    .argument('<id>', 'name of the product')
    .description('its releases, the ways between them, its runbooks, and what is on record for each version')
    .action(async (id: string) => {
      const { api, out } = context();
      const path = `/v1/products/${encodeURIComponent(id)}`;
      const one = await api.get<ProductView>(path);
      const { items } = await api.get<{ items: CertificationView[] }>(`${path}/certification`);
      out.object({ ...one, certification: items });
      out.text(render(one, items));
    });
}

function render({ name, releases, paths, methods, downgrades, procedures, runbooks }: ProductView, certification: CertificationView[]): string {
  const evidence = new Map(certification.map((one) => [one.version, one]));
  const sections = [
    table(['RELEASE', 'RELEASED', 'SUPPORT ENDS', 'CASES', 'VERIFIED', 'ROLLBACKS PROVEN', 'BREAKING CHANGES'], releases.map((release) => {
      const seen = evidence.get(release.version);
      const released = release.released ?? (release.scheduled === null ? '-' : paint('dim', `planned ${release.scheduled}`));
      return [release.version, released, release.supportEnds ?? '-', String(seen?.cases ?? 0), String(seen?.verified ?? 0), String(seen?.rollbacksProven ?? 0), release.breaking.join(', ') || '-'];
    })),
    table(['FROM', 'TO', 'MIGRATION', 'UPGRADE BY', 'BACK BY'], paths.map((path) => [path.from.join(', '), path.to, path.migration, path.upgrade.join(', '), path.rollback.join(', ')])),
    ...(methods.length === 0 ? [] : [table(['METHOD', 'FOR NODES WITH', 'INSTALL BY', 'BACK BY'], methods.map((one) => [one.method, conditions(one.when), one.install.join(', '), one.rollback.join(', ')]))]),
    ...(downgrades.length === 0 ? [] : [table(['BACK FROM', 'TO', 'BY'], downgrades.map((one) => [one.from.join(', '), one.to, one.reason ?? one.runbooks.join(', ')]))]),
    ...(procedures.length === 0 ? [] : [table(['PROCEDURE', 'TO', 'BY', 'TITLE'], procedures.map((one) => [one.procedure, one.to ?? '-', one.runbooks.join(', '), one.title]))]),
    table(['RUNBOOK', 'STEPS', 'DIGEST', 'TITLE'], runbooks.map(({ runbook, digest, content }) => [runbook, String(content.steps.length), digest.slice(0, 12), content.title])),
  ];
  return [paint('bold', name), ...sections].join('\n\n');
}

function conditions(when: { [name: string]: string }): string {
  return Object.entries(when).map(([name, value]) => `${name}=${value}`).join(', ') || '-';
}
