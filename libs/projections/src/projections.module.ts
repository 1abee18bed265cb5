import { Module } from '@nestjs/common';
import type { DynamicModule, Type } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { CertificationEntry } from './certification/certification.entity.js';
import { ListCertificationHandler } from './certification/certification.queries.js';
import { Feed } from './feed/feed.js';
import { FleetNode } from './fleet/fleet.entity.js';
import { GetNodeHandler, ListNodesHandler, ResolveSelectorHandler } from './fleet/fleet.queries.js';
import { HistoryEntry } from './history/history.entity.js';
import { NodeHistoryHandler } from './history/history.queries.js';
import { ProductEntry } from './products/products.entity.js';
import { GetProductHandler, ListProductsHandler } from './products/products.queries.js';
import { ReviewEntry } from './reviews/reviews.entity.js';
import { GetReviewHandler, ListReviewsHandler } from './reviews/reviews.queries.js';
import { RolloutEntry, RolloutMember } from './rollouts/rollouts.entity.js';
import { GetRolloutHandler, ListMembersHandler, ListRolloutsHandler } from './rollouts/rollouts.queries.js';

/** Classes of the read models, for the data source. */
export const entities = [FleetNode, HistoryEntry, ProductEntry, RolloutEntry, RolloutMember, CertificationEntry, ReviewEntry];

const handlers: Type[] = [
  ListNodesHandler, ResolveSelectorHandler, GetNodeHandler, NodeHistoryHandler, ListProductsHandler, GetProductHandler,
  ListRolloutsHandler, GetRolloutHandler, ListMembersHandler, ListCertificationHandler,
  ListReviewsHandler, GetReviewHandler,
];

/** The queries over the read models; whoever imports it asks through Nest's QueryBus. */
@Module({})
export class ProjectionsModule {
  static over(source: DataSource, pool: Pool): DynamicModule {
    return {
      module: ProjectionsModule,
      imports: [CqrsModule.forRoot()],
      providers: [{ provide: DataSource, useValue: source }, { provide: Feed, useValue: new Feed(pool) }, ...handlers],
      exports: [CqrsModule, DataSource, Feed],
    };
  }
}
