import { Query, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { DataSource } from 'typeorm';
import { refuse } from '#domain';
import type { Refusal } from '#domain';
import { pageOf, standingOf } from '../engine/answers.js';
import type { Answer, Page } from '../engine/answers.js';
import { ReviewEntry } from './reviews.entity.js';

/** Reviews of a state, those first that are to be decided first; `after` is the last one's deadline and node. */
export class ListReviews extends Query<Page<ReviewEntry>> {
  constructor(readonly options: { state: string | null; after: [string, string] | null; limit: number }) {
    super();
  }
}

@QueryHandler(ListReviews)
export class ListReviewsHandler implements IQueryHandler<ListReviews> {
  constructor(private readonly source: DataSource) {}

  async execute({ options: { state, after, limit } }: ListReviews): Promise<Page<ReviewEntry>> {
    const standing = await standingOf(this.source, 'reviews');
    const query = this.source.getRepository(ReviewEntry).createQueryBuilder('r').orderBy('r.decideBy').addOrderBy('r.node');
    if (state !== null) query.andWhere('r.state = :state', { state });
    if (after !== null) query.andWhere('(r.decide_by, r.node) > (:by, :node)', { by: after[0], node: after[1] });
    return { ...(await pageOf(query, limit, (one) => JSON.stringify([one.decideBy, one.node]))), ...standing };
  }
}

/** The latest review of a node, whatever has become of it. */
export class GetReview extends Query<Answer<ReviewEntry> | { refusal: Refusal }> {
  constructor(readonly node: string) {
    super();
  }
}

@QueryHandler(GetReview)
export class GetReviewHandler implements IQueryHandler<GetReview> {
  constructor(private readonly source: DataSource) {}

  async execute({ node }: GetReview): Promise<Answer<ReviewEntry> | { refusal: Refusal }> {
    const standing = await standingOf(this.source, 'reviews', { keys: [`node/${node}`] });
    const item = await this.source.getRepository(ReviewEntry).findOneBy({ node });
    return item ? { item, ...standing } : refuse('review-none', { node });
  }
}
