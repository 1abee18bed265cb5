import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { AmendRollout, DecideGate } from '#commands';
import type { Meta } from '#commands';
import { GetRollout, ListGates, ResolveSelector } from '#projections';
import { orProblem, problemOf } from '../problems/problem.js';
import { ApiCommand, ApiProblems } from '../requests/api-docs.js';
import { CommandMeta } from '../requests/command-meta.js';
import { cursorOf, readNumber } from '../requests/cursor.js';
import { CommandAnswer, answerOf } from '../requests/done.js';
import { PageQuery } from '../requests/page.dto.js';
import { Reads, markAnswer } from '../requests/reads.js';
import { AmendAnswer, GatesPage } from './rollouts.dto.js';
import { gateView } from './rollouts.view.js';
import { AmendBody, DecideBody } from './strategy.dto.js';
import { readStrategy } from './strategy.reader.js';

/** What people do to a rollout at its gates, and to its plan while nodes still wait. */
@ApiTags('rollouts')
@ApiProblems()
@Controller('v1/rollouts/:rollout')
export class GatesController {
  constructor(
    private readonly queries: QueryBus,
    private readonly commands: CommandBus,
  ) {}

  @Get('gates')
  @Reads('rollouts')
  @ApiOperation({ summary: 'The gates that a rollout came to, with their verdicts and what those rest on', operationId: 'listRolloutGates' })
  @ApiOkResponse({ type: GatesPage })
  async gates(@Param('rollout') rollout: string, @Query() { limit = 100, cursor }: PageQuery, @Res({ passthrough: true }) response: Response): Promise<GatesPage> {
    orProblem(await this.queries.execute(new GetRollout(rollout)));
    const of = { gates: rollout };
    const page = await this.queries.execute(new ListGates(rollout, { after: readNumber(cursor, of, 2 ** 31 - 1), limit }));
    markAnswer(response, page);
    return { ...page, items: page.items.map(gateView), next: cursorOf(page.next, of) };
  }

  @Post('approve-gate')
  @HttpCode(202)
  @ApiCommand()
  @ApiOperation({ summary: 'Lets a rollout pass a gate that waits for a person, or that holds', operationId: 'approveGate' })
  @ApiAcceptedResponse({ type: CommandAnswer })
  approve(@CommandMeta() meta: Meta, @Param('rollout') rollout: string, @Body() body: DecideBody, @Res({ passthrough: true }) response: Response): Promise<CommandAnswer> {
    return this.decide(meta, rollout, body, true, response);
  }

  @Post('reject-gate')
  @HttpCode(202)
  @ApiCommand()
  @ApiOperation({ summary: 'Takes a rollout back from a gate', operationId: 'rejectGate' })
  @ApiAcceptedResponse({ type: CommandAnswer })
  reject(@CommandMeta() meta: Meta, @Param('rollout') rollout: string, @Body() body: DecideBody, @Res({ passthrough: true }) response: Response): Promise<CommandAnswer> {
    return this.decide(meta, rollout, body, false, response);
  }

  @Post('amend')
  @HttpCode(202)
  @ApiCommand()
  @ApiOperation({ summary: 'Replaces the plan by its next generation, for the nodes that still wait', operationId: 'amendRollout' })
  @ApiAcceptedResponse({ type: AmendAnswer })
  async amend(@CommandMeta() meta: Meta, @Param('rollout') rollout: string, @Body() body: AmendBody, @Res({ passthrough: true }) response: Response): Promise<AmendAnswer> {
    const { strategy, nodes: selector, reason } = body;
    const dryRun = body.dryRun === true;
    const { item } = orProblem(await this.queries.execute(new GetRollout(rollout)));
    const nodes = typeof selector !== 'string' ? null : orProblem(await this.queries.execute(new ResolveSelector(selector, item.product))).nodes;
    const outcome = await this.commands.execute(new AmendRollout(meta, rollout, { strategy: await readStrategy(this.queries, strategy, item.product), nodes, reason, dryRun }));
    if (!outcome.ok) throw problemOf(outcome.refusal);
    if (dryRun) response.status(200);
    const { digest, generation, plan } = outcome;
    return { ...answerOf(outcome, response), ...(dryRun ? { written: false } : {}), rollout, digest, generation, dryRun, plan };
  }

  private async decide(meta: Meta, rollout: string, { gate, reason }: DecideBody, accept: boolean, response: Response): Promise<CommandAnswer> {
    return answerOf(await this.commands.execute(new DecideGate(meta, rollout, gate ?? null, accept, reason)), response);
  }
}
