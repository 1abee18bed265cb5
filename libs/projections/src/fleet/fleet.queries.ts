import { Query, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { DataSource } from 'typeorm';
import { isRefused, refuse } from '#domain';
import type { Refusal } from '#domain';
import { pageOf, standingOf } from '../engine/answers.js';
import type { Answer, Page } from '../engine/answers.js';
import { FleetNode } from './fleet.entity.js';
import { parseSelector, whereTerm } from './selector.js';
import type { Term } from './selector.js';

/** Nodes in the order of their names. `selector` may hold one part only; `after` is a node's name. */
export class ListNodes extends Query<Page<FleetNode> | { refusal: Refusal }> {
  constructor(readonly options: { selector: string; after: string | null; limit: number }) {
    super();
  }
}

@QueryHandler(ListNodes)
export class ListNodesHandler implements IQueryHandler<ListNodes> {
  constructor(private readonly source: DataSource) {}

  async execute({ options: { selector, after, limit } }: ListNodes): Promise<Page<FleetNode> | { refusal: Refusal }> {
    const parsed = parseSelector(selector);
    if (isRefused(parsed)) return parsed;
    const standing = await standingOf(this.source, 'fleet');
    const nodes = parsed.terms.length === 1 ? undefined : await namesOf(this.source, parsed.terms);
    const query = this.source.getRepository(FleetNode).createQueryBuilder('n').orderBy('n.node');
    if (nodes === undefined) whereTerm(query, parsed.terms[0]!);
    else query.andWhere('n.node = any (:nodes)', { nodes });
    if (after !== null) query.andWhere('n.node > :after', { after });
    return { ...(await pageOf(query, limit, (node) => node.node)), ...standing };
  }
}

/** Names of the nodes that a selector stands for now; a name written twice stays twice, for the plan to refuse. */
export class ResolveSelector extends Query<{ nodes: string[] } | { refusal: Refusal }> {
  constructor(
    readonly selector: string,
    readonly product: string,
  ) {
    super();
  }
}

@QueryHandler(ResolveSelector)
export class ResolveSelectorHandler implements IQueryHandler<ResolveSelector> {
  constructor(private readonly source: DataSource) {}

  async execute({ selector, product }: ResolveSelector): Promise<{ nodes: string[] } | { refusal: Refusal }> {
    const parsed = parseSelector(selector);
    if (isRefused(parsed)) return parsed;
    const named = parsed.terms.flatMap((term) => (term.by === 'name' ? [term.name] : []));
    const groups = parsed.terms.filter((term) => term.by !== 'name');
    const found = await namesOf(this.source, groups, product);
    const nodes = [...named, ...found.filter((node) => !named.includes(node))];
    return nodes.length === 0 ? refuse('nodes-none', { selector }) : { nodes };
  }
}

async function namesOf(source: DataSource, terms: Term[], product?: string): Promise<string[]> {
  const names = new Set<string>();
  for (const term of terms) {
    const query = source.getRepository(FleetNode).createQueryBuilder('n').select(['n.node']).orderBy('n.node');
    if (product !== undefined) query.andWhere('n.product = :product', { product });
    for (const { node } of await whereTerm(query, term).getMany()) names.add(node);
  }
  return [...names];
}

export class GetNode extends Query<Answer<FleetNode> | { refusal: Refusal }> {
  constructor(readonly node: string) {
    super();
  }
}

@QueryHandler(GetNode)
export class GetNodeHandler implements IQueryHandler<GetNode> {
  constructor(private readonly source: DataSource) {}

  async execute({ node }: GetNode): Promise<Answer<FleetNode> | { refusal: Refusal }> {
    const standing = await standingOf(this.source, 'fleet', { keys: [`node/${node}`] });
    const item = await this.source.getRepository(FleetNode).findOneBy({ node });
    return item ? { item, ...standing } : refuse('node-unknown', { node });
  }
}
