import { Query, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { DataSource } from 'typeorm';
import { refuse } from '#domain';
import type { Refusal } from '#domain';
import { pageOf, standingOf } from '../engine/answers.js';
import type { Page } from '../engine/answers.js';
import { HistoryEntry } from './history.entity.js';

/** What happened to a node, the oldest first; `after` is a position. */
export class NodeHistory extends Query<Page<HistoryEntry> | { refusal: Refusal }> {
  constructor(
    readonly node: string,
    readonly options: { after: number; limit: number },
  ) {
    super();
  }
}

@QueryHandler(NodeHistory)
export class NodeHistoryHandler implements IQueryHandler<NodeHistory> {
  constructor(private readonly source: DataSource) {}

  async execute({ node, options: { after, limit } }: NodeHistory): Promise<Page<HistoryEntry> | { refusal: Refusal }> {
    const standing = await standingOf(this.source, 'history', { keys: [`node/${node}`] });
    const query = this.source.getRepository(HistoryEntry).createQueryBuilder('h').where('h.node = :node and h.position > :after', { node, after });
    const page = await pageOf(query.orderBy('h.position'), limit, (entry) => String(entry.position));
    if (page.items.length === 0 && after === 0) return refuse('node-unknown', { node });
    return { ...page, ...standing };
  }
}
