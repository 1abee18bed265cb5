import { evolveLifecycle, evolveProduct } from '#domain';
import type { Cycle, LifecycleEvent, LifecycleState, Mark, ProductEvent, ProductState, Requirement } from '#domain';
import type { Fact, Projection } from '../engine/projection.js';

export const productTable = { name: 'product', key: ['product'] } as const;

type Known = Extract<ProductState, { status: 'registered' }>;

export type ProductRow = {
  product: string;
  name: string;
  /** Whether a catalogue says how to upgrade it. */
  managed: boolean;
  releases: Known['releases'] extends ReadonlyMap<string, infer R> ? R[] : never;
  paths: Known['paths'][number][];
  /** Name, digest and title of each runbook, with its steps. */
  runbooks: { runbook: string; digest: string; content: { title: string; steps: { step: string; title: string; kind: string }[] } }[];
  requires: Requirement[];
  marks: Mark[];
  methods: Known['methods'];
  downgrades: Known['downgrades'];
  procedures: Known['procedures'];
  lifecycle: { title: string; link: string | null; cycles: Cycle[] } | null;
  stream_version: number;
  position: number;
};

const ofProduct = /^(?:product|lifecycle)\/(.*)$/s;

/** What the catalogue says of each product: its releases, the ways between them, its runbooks; and what is known of its life cycle. */
export const products: Projection = {
  name: 'products',
  tables: [productTable],
  keyOf: ({ stream }) => (ofProduct.test(stream) ? `product/${idOf(stream)}` : undefined),
  reads: ({ stream }) => [{ table: productTable, key: [idOf(stream)] }],
  apply(fact, rows) {
    const before = rows.get<ProductRow>(productTable, idOf(fact.stream));
    const after = fact.stream.startsWith('product/') ? withCatalogue(before, fact) : withLifecycle(before, fact);
    if (after) rows.put(productTable, after);
  },
};

function idOf(stream: string): string {
  return ofProduct.exec(stream)![1]!;
}

function withCatalogue(row: ProductRow | undefined, { event, version, position }: Fact): ProductRow | undefined {
  const state = evolveProduct(stateOf(row), event as ProductEvent);
  if (state.status === 'none') return undefined;
  return {
    product: state.product, name: state.name, managed: true, releases: [...state.releases.values()], paths: [...state.paths],
    runbooks: [...state.runbooks.values()], requires: [...state.requires], marks: [...state.marks], methods: state.methods, downgrades: state.downgrades,
    procedures: state.procedures, lifecycle: row?.lifecycle ?? null, stream_version: version, position,
  };
}

function withLifecycle(row: ProductRow | undefined, { event, stream, version, position }: Fact): ProductRow | undefined {
  const state = evolveLifecycle(lifecycleOf(idOf(stream), row), event as LifecycleEvent);
  if (state.status === 'none') return undefined;
  const { product, title, link } = state;
  const lifecycle = { title, link, cycles: [...state.cycles.values()] };
  if (row?.managed === true) return { ...row, lifecycle, position };
  const nothing = { releases: [], paths: [], runbooks: [], requires: [], marks: [], methods: [], downgrades: [], procedures: [] };
  return { product, name: title, managed: false, ...nothing, lifecycle, stream_version: version, position };
}

function stateOf(row: ProductRow | undefined): ProductState {
  if (row?.managed !== true) return { status: 'none' };
  return {
    status: 'registered', product: row.product, name: row.name, versionCommand: [], healthCommand: null,
    releases: new Map(row.releases.map((release) => [release.version, release])), paths: row.paths,
    methods: row.methods, downgrades: row.downgrades, procedures: row.procedures, requires: row.requires, marks: row.marks,
    runbooks: new Map(row.runbooks.map((runbook) => [runbook.runbook, runbook as never])),
  };
}

function lifecycleOf(product: string, row: ProductRow | undefined): LifecycleState {
  if (!row?.lifecycle) return { status: 'none' };
  const { title, link, cycles } = row.lifecycle;
  return { status: 'known', product, title, link, cycles: new Map(cycles.map((one) => [one.cycle, one])) };
}
