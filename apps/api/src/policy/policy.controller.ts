import { Body, Controller, Get, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CommandBus } from '@nestjs/cqrs';
import type { Response } from 'express';
import { Book, GrantException, WithdrawException } from '#commands';
import type { Meta } from '#commands';
import type { Clock } from '#platform';
import { problemOf } from '../problems/problem.js';
import { ApiCommand, ApiProblems } from '../requests/api-docs.js';
import { CommandMeta } from '../requests/command-meta.js';
import { CommandAnswer, answerOf } from '../requests/done.js';
import { clockToken } from '../tokens.js';
import { ExceptionAnswer, ExceptionBody, PolicyView, WithdrawBody } from './policy.dto.js';

@ApiTags('policy')
@ApiProblems()
@Controller('v1/policy')
export class PolicyController {
  constructor(
    private readonly commands: CommandBus,
    private readonly book: Book,
    @Inject(clockToken) private readonly clock: Clock,
  ) {}

  /** From the ledger itself: it is one short stream, and what is shown is what the next plan is made under. */
  @Get()
  @ApiOperation({ summary: 'The policy in force, and the exceptions from it', operationId: 'getPolicy' })
  @ApiOkResponse({ type: PolicyView })
  async get(@Res({ passthrough: true }) response: Response): Promise<PolicyView> {
    const { state: policy, digest, adopted, version, exceptions } = await this.book.policy();
    const now = this.clock.now();
    response.setHeader('ETag', `"${version}"`);
    return { digest, adopted, policy, exceptions: exceptions.map((one) => ({ ...one, holds: now < one.until })) };
  }

  @Post('exceptions')
  @ApiCommand()
  @ApiOperation({ summary: 'Grants an exception from a rule', description: 'What the rule would refuse passes with a warning, and the plan names the exception.', operationId: 'grantException' })
  @ApiCreatedResponse({ type: ExceptionAnswer })
  async grant(@CommandMeta() meta: Meta, @Body() body: ExceptionBody, @Res({ passthrough: true }) response: Response): Promise<ExceptionAnswer> {
    const { rule, product = null, version = null, node = null, rollout = null, reason, until } = body;
    const outcome = await this.commands.execute(new GrantException(meta, { rule, scope: { product, version, node, rollout }, reason, until }));
    if (!outcome.ok) throw problemOf(outcome.refusal);
    return { ...answerOf(outcome, response), exception: outcome.exception };
  }

  @Post('exceptions/:exception/withdraw')
  @HttpCode(200)
  @ApiCommand()
  @ApiOperation({ summary: 'Ends an exception before its time', operationId: 'withdrawException' })
  @ApiOkResponse({ type: CommandAnswer })
  async withdraw(@CommandMeta() meta: Meta, @Param('exception') exception: string, @Body() { reason }: WithdrawBody, @Res({ passthrough: true }) response: Response): Promise<CommandAnswer> {
    return answerOf(await this.commands.execute(new WithdrawException(meta, exception, reason)), response);
  }
}
