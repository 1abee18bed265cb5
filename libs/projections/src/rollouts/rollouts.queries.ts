import { Query, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { DataSource } from 'typeorm';
import { refuse } from '#domain';
import type { Refusal } from '#domain';
import { pageOf, standingOf } from '../engine/answers.js';
import type { About, Answer, Page } from '../engine/answers.js';
import { RolloutEntry, RolloutGate, RolloutMember } from './rollouts.entity.js';

/** Rollouts, the newest first; `after` is the last one's planned-at and id. */
export class ListRollouts extends Query<Page<RolloutEntry>> {
  constructor(readonly options: { state: string | null; after: [string, string] | null; limit: number }) {
    super();
  }
}

@QueryHandler(ListRollouts)
export class ListRolloutsHandler implements IQueryHandler<ListRollouts> {
  constructor(private readonly source: DataSource) {}

  async execute({ options: { state, after, limit } }: ListRollouts): Promise<Page<RolloutEntry>> {
    const standing = await standingOf(this.source, 'rollouts');
    const query = this.source.getRepository(RolloutEntry).createQueryBuilder('r').orderBy('r.plannedAt', 'DESC').addOrderBy('r.rollout', 'DESC');
    if (state !== null) query.andWhere('r.state = :state', { state });
    if (after !== null) query.andWhere('(r.planned_at, r.rollout) < (:at, :rollout)', { at: after[0], rollout: after[1] });
    return { ...(await pageOf(query, limit, (one) => JSON.stringify([one.plannedAt, one.rollout]))), ...standing };
  }
}

export class GetRollout extends Query<Answer<RolloutEntry> | { refusal: Refusal }> {
  constructor(readonly rollout: string) {
    super();
  }
}

@QueryHandler(GetRollout)
export class GetRolloutHandler implements IQueryHandler<GetRollout> {
  constructor(private readonly source: DataSource) {}

  async execute({ rollout }: GetRollout): Promise<Answer<RolloutEntry> | { refusal: Refusal }> {
    const standing = await standingOf(this.source, 'rollouts', about(rollout));
    const item = await this.source.getRepository(RolloutEntry).findOneBy({ rollout });
    return item ? { item, ...standing } : refuse('rollout-unknown', { rollout });
  }
}

/** Facts of a rollout come from its own stream and from its nodes'; what cannot be read of one parks that stream. */
function about(rollout: string): About {
  return { keys: [rollout, `rollout/${rollout}`], membersOf: rollout };
}

/** Nodes of a rollout in the order in which they are taken; `after` is an ordinal. */
export class ListMembers extends Query<Page<RolloutMember>> {
  constructor(
    readonly rollout: string,
    readonly options: { after: number; limit: number; state: string | null },
  ) {
    super();
  }
}

@QueryHandler(ListMembers)
export class ListMembersHandler implements IQueryHandler<ListMembers> {
  constructor(private readonly source: DataSource) {}

  async execute({ rollout, options: { after, limit, state } }: ListMembers): Promise<Page<RolloutMember>> {
    const standing = await standingOf(this.source, 'rollouts', about(rollout));
    const query = this.source.getRepository(RolloutMember).createQueryBuilder('m').where('m.rollout = :rollout and m.ordinal > :after', { rollout, after });
    if (state !== null) query.andWhere('m.state = :state', { state });
    return { ...(await pageOf(query.orderBy('m.ordinal'), limit, (one) => String(one.ordinal))), ...standing };
  }
}

/** Gates at one opening, at most; what makes one number of a round and a gate. */
export const gatesInRound = 100;

/** Gates of a rollout in the order in which they were opened; `after` counts them all. */
export class ListGates extends Query<Page<RolloutGate>> {
  constructor(
    readonly rollout: string,
    readonly options: { after: number; limit: number },
  ) {
    super();
  }
}

@QueryHandler(ListGates)
export class ListGatesHandler implements IQueryHandler<ListGates> {
  constructor(private readonly source: DataSource) {}

  async execute({ rollout, options: { after, limit } }: ListGates): Promise<Page<RolloutGate>> {
    const standing = await standingOf(this.source, 'rollouts', about(rollout));
    const query = this.source.getRepository(RolloutGate).createQueryBuilder('g').where('g.rollout = :rollout', { rollout });
    query.andWhere(`g.round * ${gatesInRound} + g.gate > :after`, { after });
    return { ...(await pageOf(query.orderBy('g.round').addOrderBy('g.gate'), limit, (one) => String(one.round * gatesInRound + one.gate))), ...standing };
  }
}
