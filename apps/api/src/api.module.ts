import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { Book, CommandsModule, intakePorts, postgresPorts } from '#commands';
import { CommandBus } from '@nestjs/cqrs';
import type { Clock, Logger } from '#platform';
import { Feed, ProjectionsModule } from '#projections';
import { Access } from './access/access.js';
import { AccessGuard } from './access/access.guard.js';
import { EventsController } from './events/events.controller.js';
import { NodesController } from './nodes/nodes.controller.js';
import { ProblemFilter } from './problems/problem.filter.js';
import { validation } from './problems/validation.js';
import { ProductsController } from './products/products.controller.js';
import { ReadsInterceptor } from './requests/reads.js';
import { ReviewsController } from './reviews/reviews.controller.js';
import { RolloutsController } from './rollouts/rollouts.controller.js';
import { ServiceMetrics } from './service/metrics.js';
import { ServiceController } from './service/service.controller.js';
import { PullDoor } from './sites/pull-door.js';
import { SitesController } from './sites/sites.controller.js';
import { defaultLimits } from './limits.js';
import type { ApiLimits } from './limits.js';
import { clockToken, doorToken, limitsToken } from './tokens.js';

export interface ApiPorts {
  pool: Pool;
  source: DataSource;
  clock: Clock;
  logger: Logger;
  access: Access;
  enrolmentTokenFile: string;
  servicePublicKeyFile: string;
  /** Shorter ones for tests. */
  limits?: Partial<ApiLimits>;
}

@Module({})
export class ApiModule {
  static over(ports: ApiPorts): DynamicModule {
    const { pool, source, clock, logger, access, enrolmentTokenFile, servicePublicKeyFile, limits } = ports;
    return {
      module: ApiModule,
      imports: [CommandsModule.over(postgresPorts(pool, clock)), ProjectionsModule.over(source, pool)],
      controllers: [NodesController, ProductsController, RolloutsController, ReviewsController, EventsController, SitesController, ServiceController],
      providers: [
        { provide: Access, useValue: access },
        { provide: clockToken, useValue: clock },
        { provide: limitsToken, useValue: { ...defaultLimits, ...limits } },
        { provide: ServiceMetrics, inject: [Feed], useFactory: (feed: Feed) => new ServiceMetrics(pool, feed) },
        {
          provide: doorToken,
          inject: [CommandBus, Book],
          useFactory: (bus: CommandBus, book: Book) =>
            new PullDoor({ pool, clock, ports: intakePorts({ bus, book, clock, logger }), enrolmentTokenFile, servicePublicKeyFile }),
        },
        { provide: APP_FILTER, useValue: new ProblemFilter(logger) },
        { provide: APP_PIPE, useFactory: validation },
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_INTERCEPTOR, useClass: ReadsInterceptor },
      ],
    };
  }
}
