import { evolveProduct } from '#domain';
import type { ProductEvent, ProductState } from '#domain';
import type { Projection } from '../engine/projection.js';

export const productTable = { name: 'product', key: ['product'] } as const;

type Known = Extract<ProductState, { status: 'registered' }>;

export type ProductRow = {
  product: string;
  name: string;
  releases: Known['releases'] extends ReadonlyMap<string, infer R> ? R[] : never;
  paths: Known['paths'][number][];
  /** Name, digest and title of each runbook, with its steps. */
  runbooks: { runbook: string; digest: string; content: { title: string; steps: { step: string; title: string; kind: string }[] } }[];
  methods: Known['methods'];
  downgrades: Known['downgrades'];
  procedures: Known['procedures'];
  stream_version: number;
  position: number;
};

/** What the catalogue says of each product: its releases, the ways between them, its runbooks. */
export const products: Projection = {
  name: 'products',
  tables: [productTable],
  keyOf: ({ stream }) => (stream.startsWith('product/') ? stream : undefined),
  reads: ({ stream }) => [{ table: productTable, key: [stream.slice('product/'.length)] }],
  apply({ event, stream, version, position }, rows) {
    const id = stream.slice('product/'.length);
    const state = evolveProduct(stateOf(rows.get<ProductRow>(productTable, id)), event as ProductEvent);
    if (state.status === 'none') return;
    rows.put(productTable, {
      product: state.product, name: state.name, releases: [...state.releases.values()], paths: [...state.paths],
      runbooks: [...state.runbooks.values()], methods: state.methods, downgrades: state.downgrades, procedures: state.procedures,
      stream_version: version, position,
    });
  },
};

function stateOf(row: ProductRow | undefined): ProductState {
  if (!row) return { status: 'none' };
  return {
    status: 'registered', product: row.product, name: row.name, versionCommand: [], healthCommand: null,
    releases: new Map(row.releases.map((release) => [release.version, release])), paths: row.paths,
    methods: row.methods, downgrades: row.downgrades, procedures: row.procedures,
    runbooks: new Map(row.runbooks.map((runbook) => [runbook.runbook, runbook as never])),
  };
}
