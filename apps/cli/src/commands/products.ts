import { Option } from 'commander';
import type { Command } from 'commander';
import type { Context } from '../context.js';
import { importFiles } from '../import-files.js';
import { paint } from '../render/style.js';
import { renderProduct } from '../render/product.js';
import type { CertificationView } from '../render/product.js';
import { table } from '../render/table.js';
import { day, instant } from '../times.js';
import type { CommandAnswer, ProductView } from '../views.js';

interface ProductSummary {
  product: string;
  name: string;
  managed: boolean;
  releases: number;
  latest: string | null;
}

const pathOf = (id: string) => `/v1/products/${encodeURIComponent(id)}`;
const asOfOption = () => new Option('--as-of <day>', 'judges support for that day, like 2026-01-16').argParser(day);

export function productCommands(program: Command, context: () => Context): void {
  const product = program.command('product').description('products, their releases and how long those are supported');
  readCommands(product, context);
  importCommand(product, context);
  markCommands(product, context);
}

function readCommands(product: Command, context: () => Context): void {
  product
    .command('list')
    .description('products of the catalogue, and those whose life cycle was imported')
    .action(async () => {
      const { api, out } = context();
      const products = await api.list<ProductSummary>('/v1/products');
      for (const one of products) out.object(one);
      if (products.length === 0) return out.text('The catalogue holds no product.');
      const row = (one: ProductSummary) => [one.product, one.name, String(one.releases), one.latest ?? '-', one.managed ? 'catalogue' : paint('dim', 'life cycle only')];
      out.text(table(['PRODUCT', 'NAME', 'RELEASES', 'LATEST', 'KNOWN BY'], products.map(row)));
    });

  product
    .command('show')
    .argument('<id>', 'name of the product')
    .addOption(asOfOption())
    .description('its releases and their support, the ways between them, its runbooks, and what is on record for each version')
    .action(async (id: string, { asOf }: { asOf?: string }) => {
      const { api, out } = context();
      const one = await api.get<ProductView>(`${pathOf(id)}${asOf === undefined ? '' : `?asOf=${asOf}`}`);
      const { items } = await api.get<{ items: CertificationView[] }>(`${pathOf(id)}/certification`);
      out.object({ ...one, certification: items });
      out.text(renderProduct(one, items));
    });

  product
    .command('export')
    .argument('<id>', 'name of the product')
    .addOption(new Option('--format <format>', 'what to write to standard output').choices(['csv', 'json']).default('json'))
    .addOption(asOfOption())
    .description('its releases and their support as CSV or JSON')
    .action(async (id: string, { format, asOf }: { format: string; asOf?: string }) => {
      const { api } = context();
      const text = (await api.bytes(`${pathOf(id)}/matrix?format=${format}${asOf === undefined ? '' : `&asOf=${asOf}`}`)).toString('utf8');
      process.stdout.write(format === 'csv' ? text : `${text}\n`);
    });
}

function importCommand(product: Command, context: () => Context): void {
  product
    .command('import')
    .argument('<files...>', 'product files of endoflife.date: Markdown with YAML at its head')
    .description('records the life cycles of products that others look after; a file that is refused leaves the others')
    .action(async (files: string[]) => {
      const { api, out } = context();
      process.exitCode = await importFiles(files, api, out);
    });
}

function markCommands(product: Command, context: () => Context): void {
  const marks = () => new Option('--as <mark>', 'bad: no plan leads there; pinned: no plan leads anywhere else').choices(['bad', 'pinned']).makeOptionMandatory();

  product
    .command('mark')
    .argument('<id>', 'name of the product')
    .argument('<version>', 'release to mark')
    .addOption(marks())
    .requiredOption('--reason <text>', 'why; it is kept on record')
    .option('--until <time>', 'when the mark ends, like 2026-02-01 or 2026-02-01T12:00:00Z')
    .description('marks a release as bad, or pins the product to it')
    .action(async (id: string, version: string, { as: mark, reason, until }: { as: string; reason: string; until?: string }) => {
      const { api, out } = context();
      const answer = await api.post<CommandAnswer>(`${pathOf(id)}/releases/${encodeURIComponent(version)}/marks`, { mark, reason, ...(until === undefined ? {} : { until: instant(until) }) });
      out.object({ product: id, release: version, mark, ...answer });
      out.text(`${id} ${version} is marked as ${mark}.`);
    });

  product
    .command('unmark')
    .argument('<id>', 'name of the product')
    .argument('<version>', 'release that is marked')
    .addOption(marks())
    .requiredOption('--reason <text>', 'why; it is kept on record')
    .description('takes a mark off a release')
    .action(async (id: string, version: string, { as: mark, reason }: { as: string; reason: string }) => {
      const { api, out } = context();
      const answer = await api.post<CommandAnswer>(`${pathOf(id)}/releases/${encodeURIComponent(version)}/unmark`, { mark, reason });
      out.object({ product: id, release: version, mark, ...answer });
      out.text(`${id} ${version} is no longer marked as ${mark}.`);
    });
}
