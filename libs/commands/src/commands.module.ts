import { Module } from '@nestjs/common';
import type { DynamicModule, Type } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { Pool } from 'pg';
import { PostgresBlobs, PostgresShelf } from '#ledger';
import type { BlobStore, Ledger } from '#ledger';
import type { Clock } from '#platform';
import { Book } from './book/book.js';
import { blobsToken } from './book/tokens.js';
import { AdvancePassageHandler } from './node/advance-passage.js';
import { DecideReviewHandler } from './node/decide-review.js';
import { ExpireReviewHandler } from './node/expire-review.js';
import { StartProcedureHandler } from './node/start-procedure.js';
import { ExpireStepHandler } from './node/expire-step.js';
import { RegisterNodeHandler } from './node/register-node.js';
import { StartRollbackHandler } from './node/start-rollback.js';
import { StartUpgradeHandler } from './node/start-upgrade.js';
import { StopUpgradeHandler } from './node/stop-upgrade.js';
import { TakeReportHandler } from './node/take-report.js';
import { ImportCatalogueHandler } from './product/import-catalogue.js';
import { AbortRolloutHandler } from './rollout/abort-rollout.js';
import { AdvanceRolloutHandler } from './rollout/advance-rollout.js';
import { ExpireWaitHandler } from './rollout/expire-wait.js';
import { PauseRolloutHandler } from './rollout/pause-rollout.js';
import { PlanRolloutHandler } from './rollout/plan-rollout.js';
import { ResumeRolloutHandler } from './rollout/resume-rollout.js';
import { RollBackRolloutHandler } from './rollout/roll-back-rollout.js';
import { SettleNodeHandler } from './rollout/settle-node.js';
import { StartRolloutHandler } from './rollout/start-rollout.js';
import { EnrolAgentHandler } from './site/enrol-agent.js';
import { RefuseMessageHandler } from './site/refuse-message.js';
import { RetireAgentHandler } from './site/retire-agent.js';

const handlers: Type[] = [
  ImportCatalogueHandler,
  RegisterNodeHandler, TakeReportHandler,
  StartUpgradeHandler, AdvancePassageHandler, ExpireStepHandler, StopUpgradeHandler, StartRollbackHandler,
  DecideReviewHandler, ExpireReviewHandler, StartProcedureHandler,
  PlanRolloutHandler, StartRolloutHandler, PauseRolloutHandler, ResumeRolloutHandler, AbortRolloutHandler, RollBackRolloutHandler,
  AdvanceRolloutHandler, SettleNodeHandler, ExpireWaitHandler,
  EnrolAgentHandler, RetireAgentHandler, RefuseMessageHandler,
];

export interface CommandPorts {
  ledger: Ledger;
  blobs: BlobStore;
  clock: Clock;
}

/** Ledger and blobs in PostgreSQL. */
export function postgresPorts(pool: Pool, clock: Clock): CommandPorts {
  return { ledger: new PostgresShelf(pool), blobs: new PostgresBlobs(pool), clock };
}

/** The command handlers over a ledger; whoever imports it sends commands through Nest's CommandBus. */
@Module({})
export class CommandsModule {
  static over({ ledger, blobs, clock }: CommandPorts): DynamicModule {
    return {
      module: CommandsModule,
      imports: [CqrsModule.forRoot()],
      providers: [{ provide: Book, useValue: new Book(ledger, clock) }, { provide: blobsToken, useValue: blobs }, ...handlers],
      exports: [CqrsModule, Book],
    };
  }
}
