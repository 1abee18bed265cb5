import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { isTextMap, loadRunbooks, namePattern, parseProduct } from '#messaging';
import type { DigestedRunbook, ProductFile } from '#messaging';

/** A node that this agent serves: its home on this machine, or what stands for it. */
export interface ServedNode {
  node: string;
  product: string;
  home: string;
  labels: { [name: string]: string };
}

/** What an agent holds of a product: how to look at a node, and the runbooks that orders may name, by digest. */
export interface HeldProduct {
  product: ProductFile;
  runbooks: ReadonlyMap<string, DigestedRunbook>;
}

/** The agent tells two of its own. */
const labelsMax = 62;

export class NodesFileError extends Error {}

/** Reads the YAML list of nodes: each with `node`, `product`, `home` and, if wanted, `labels`. */
export function readNodes(file: string): Map<string, ServedNode> {
  const list = listIn(file);
  if (!Array.isArray(list)) throw new NodesFileError(`${file} must hold a list under nodes:`);
  const nodes = new Map<string, ServedNode>();
  for (const [i, one] of (list as unknown[]).entries()) {
    const { node, product, home, labels = {} } = (one ?? {}) as { [name: string]: unknown };
    const wrong = (field: string, says: string) => new NodesFileError(`${file}: nodes[${i}].${field} ${says}`);
    for (const [field, value] of Object.entries({ node, product })) {
      if (typeof value !== 'string' || !namePattern.test(value)) throw wrong(field, 'must be lower-case letters, digits, dots and dashes');
    }
    if (typeof home !== 'string' || !home.startsWith('/')) throw wrong('home', 'must be an absolute path');
    if (typeof labels !== 'object' || labels === null || Array.isArray(labels)) throw wrong('labels', 'must be a map');
    if (nodes.has(node as string)) throw wrong('node', 'stands there twice');
    const texts = Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)]));
    // The service would refuse the announcement, and this node would never be known.
    if (!isTextMap(texts) || Object.keys(texts).length > labelsMax) throw wrong('labels', 'must be at most 62 short names with texts of at most 500 characters');
    nodes.set(node as string, { node: node as string, product: product as string, home, labels: texts });
  }
  return nodes;
}

function listIn(file: string): unknown {
  try {
    return (parse(readFileSync(file, 'utf8')) as { nodes?: unknown } | null)?.nodes;
  } catch (error) {
    throw new NodesFileError(`${file} cannot be read`, { cause: error });
  }
}

/** The products of the served nodes, from a catalogue directory. A product without one cannot be upgraded, nor looked at. */
export function readProducts(catalog: string, nodes: ReadonlyMap<string, ServedNode>): Map<string, HeldProduct> {
  const products = new Map<string, HeldProduct>();
  for (const name of new Set([...nodes.values()].map((node) => node.product))) {
    const file = join(catalog, name, 'product.yaml');
    if (!existsSync(file)) throw new NodesFileError(`there is no ${file}, which the nodes of product ${name} need`);
    const product = parseProduct(file, readFileSync(file, 'utf8'));
    const problems = 'problems' in product ? product.problems : [];
    const runbooks = loadRunbooks(join(catalog, name, 'runbooks'), problems);
    const first = problems[0];
    if (first || 'problems' in product) throw new NodesFileError(`${first?.file}:${first?.line}: ${first?.field}: ${first?.says}`);
    products.set(name, { product, runbooks: new Map(runbooks.map((one) => [one.digest, one])) });
  }
  return products;
}
