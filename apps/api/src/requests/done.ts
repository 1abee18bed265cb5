import { ApiProperty } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Outcome } from '#commands';
import { problemOf } from '../problems/problem.js';

/** What every command answers. */
export class CommandAnswer {
  @ApiProperty({ description: 'Position in the ledger of what the command wrote. A read that names it waits until it is projected.', example: 42 })
  position: number;

  @ApiProperty({ description: 'Version of the stream that was written, as its ETag.', example: 3 })
  version: number;

  @ApiProperty({ description: 'False when nothing was left to do.' })
  written: boolean;

  @ApiProperty({ description: 'True when the command had been carried out before, under the same Idempotency-Key.' })
  repeated: boolean;
}

/** The answer to a command, or the problem that it was refused with. */
export function answerOf(outcome: Outcome, response: Response): CommandAnswer {
  if (!outcome.ok) throw problemOf(outcome.refusal);
  const { position, version, events, repeated } = outcome;
  response.setHeader('Rollbook-Position', String(position));
  response.setHeader('ETag', `"${version}"`);
  return { position, version, written: events.length > 0 || repeated, repeated };
}
