import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { Response } from 'express';
import { AbortRollout, PauseRollout, PlanRollout, ResumeRollout, RollBackRollout, StartRollout } from '#commands';
import type { Meta } from '#commands';
import { GetProduct, GetRollout, ListMembers, ListRollouts, ResolveSelector } from '#projections';
import { orProblem, problemOf } from '../problems/problem.js';
import { ApiCommand, ApiProblems } from '../requests/api-docs.js';
import { CommandMeta } from '../requests/command-meta.js';
import { cursorOf, readNumber, readPair } from '../requests/cursor.js';
import { CommandAnswer, answerOf } from '../requests/done.js';
import { Reads, markAnswer } from '../requests/reads.js';
import { MembersPage, MembersQuery, PlanAnswer, PlanBody, ReasonBody, RolloutView, RolloutsPage, RolloutsQuery, StartBody } from './rollouts.dto.js';
import { memberView, rolloutView } from './rollouts.view.js';

/** A place in a plan, as the read model holds it. */
const ordinalMax = 2 ** 31 - 1;

@ApiTags('rollouts')
@ApiProblems()
@Controller('v1/rollouts')
export class RolloutsController {
  constructor(
    private readonly queries: QueryBus,
    private readonly commands: CommandBus,
  ) {}

  @Post()
  @ApiCommand()
  @ApiOperation({ summary: 'Plans a rollout', description: 'The plan fixes every step and the order of the nodes. Nothing happens on a node before the rollout is started.', operationId: 'planRollout' })
  @ApiCreatedResponse({ type: PlanAnswer })
  async plan(@CommandMeta() meta: Meta, @Body() body: PlanBody, @Res({ passthrough: true }) response: Response): Promise<PlanAnswer> {
    const { product, to, nodes: selector, strategy = {}, method } = body;
    const dryRun = body.dryRun === true;
    orProblem(await this.queries.execute(new GetProduct(product)));
    const { nodes } = orProblem(await this.queries.execute(new ResolveSelector(selector, product)));
    const outcome = await this.commands.execute(new PlanRollout(meta, { product, to, selector, nodes, strategy: { ...strategy }, dryRun, ...(method === undefined ? {} : { method }) }));
    if (!outcome.ok) throw problemOf(outcome.refusal);
    const { rollout, digest, plan, alreadyThere } = outcome;
    if (dryRun) response.status(200);
    else response.setHeader('Location', `/v1/rollouts/${rollout}`);
    return { ...answerOf(outcome, response), ...(dryRun ? { written: false } : {}), rollout, digest, dryRun, plan, alreadyThere };
  }

  @Get()
  @Reads('rollouts')
  @ApiOperation({ summary: 'Rollouts, the newest first', operationId: 'listRollouts' })
  @ApiOkResponse({ type: RolloutsPage })
  async list(@Query() { limit = 100, cursor, state }: RolloutsQuery, @Res({ passthrough: true }) response: Response): Promise<RolloutsPage> {
    const of = { rollouts: state ?? null };
    const page = await this.queries.execute(new ListRollouts({ state: state ?? null, limit, after: readPair(cursor, of) }));
    markAnswer(response, page);
    return { ...page, items: page.items.map(rolloutView), next: cursorOf(page.next, of) };
  }

  @Get(':rollout')
  @Reads('rollouts')
  @ApiOperation({ summary: 'A rollout and how far it is', operationId: 'getRollout' })
  @ApiOkResponse({ type: RolloutView })
  async get(@Param('rollout') rollout: string, @Res({ passthrough: true }) response: Response): Promise<RolloutView> {
    const answer = orProblem(await this.queries.execute(new GetRollout(rollout)));
    // Nodes move a rollout's tallies and not its stream: by the version alone an old answer would still hold.
    markAnswer(response, answer, `${answer.item.streamVersion}-${answer.item.position}`);
    return rolloutView(answer.item);
  }

  @Get(':rollout/nodes')
  @Reads('rollouts')
  @ApiOperation({ summary: 'The nodes of a rollout in the order in which they are taken', operationId: 'listRolloutNodes' })
  @ApiOkResponse({ type: MembersPage })
  async members(@Param('rollout') rollout: string, @Query() { limit = 100, cursor, state }: MembersQuery, @Res({ passthrough: true }) response: Response): Promise<MembersPage> {
    orProblem(await this.queries.execute(new GetRollout(rollout)));
    const of = { rollout, state: state ?? null };
    const after = readNumber(cursor, of, ordinalMax);
    const page = await this.queries.execute(new ListMembers(rollout, { after, limit, state: state ?? null }));
    markAnswer(response, page);
    return { ...page, items: page.items.map(memberView), next: cursorOf(page.next, of) };
  }

  @Post(':rollout/start')
  @HttpCode(202)
  @ApiCommand()
  @ApiOperation({ summary: 'Starts a planned rollout', operationId: 'startRollout' })
  @ApiAcceptedResponse({ type: CommandAnswer })
  async start(@CommandMeta() meta: Meta, @Param('rollout') rollout: string, @Body() { digest }: StartBody, @Res({ passthrough: true }) response: Response): Promise<CommandAnswer> {
    return answerOf(await this.commands.execute(new StartRollout(meta, rollout, digest ?? null)), response);
  }

  @Post(':rollout/pause')
  @HttpCode(202)
  @ApiCommand()
  @ApiOperation({ summary: 'Takes no more nodes until resumed; what is under way is finished', operationId: 'pauseRollout' })
  @ApiAcceptedResponse({ type: CommandAnswer })
  async pause(@CommandMeta() meta: Meta, @Param('rollout') rollout: string, @Body() { reason }: ReasonBody, @Res({ passthrough: true }) response: Response): Promise<CommandAnswer> {
    return answerOf(await this.commands.execute(new PauseRollout(meta, rollout, reason)), response);
  }

  @Post(':rollout/resume')
  @HttpCode(202)
  @ApiCommand()
  @ApiOperation({ summary: 'Goes on with a paused rollout', operationId: 'resumeRollout' })
  @ApiAcceptedResponse({ type: CommandAnswer })
  async resume(@CommandMeta() meta: Meta, @Param('rollout') rollout: string, @Res({ passthrough: true }) response: Response): Promise<CommandAnswer> {
    return answerOf(await this.commands.execute(new ResumeRollout(meta, rollout)), response);
  }

  @Post(':rollout/abort')
  @HttpCode(202)
  @ApiCommand()
  @ApiOperation({ summary: 'Ends a rollout early', description: 'Nodes under way end after their step, and go back if they were changed. Nodes that are done stay as they are.', operationId: 'abortRollout' })
  @ApiAcceptedResponse({ type: CommandAnswer })
  async abort(@CommandMeta() meta: Meta, @Param('rollout') rollout: string, @Body() { reason }: ReasonBody, @Res({ passthrough: true }) response: Response): Promise<CommandAnswer> {
    return answerOf(await this.commands.execute(new AbortRollout(meta, rollout, reason)), response);
  }

  @Post(':rollout/rollback')
  @HttpCode(202)
  @ApiCommand()
  @ApiOperation({ summary: 'Takes the nodes of an ended rollout back to where they came from', operationId: 'rollBackRollout' })
  @ApiAcceptedResponse({ type: CommandAnswer })
  async rollBack(@CommandMeta() meta: Meta, @Param('rollout') rollout: string, @Body() { reason }: ReasonBody, @Res({ passthrough: true }) response: Response): Promise<CommandAnswer> {
    return answerOf(await this.commands.execute(new RollBackRollout(meta, rollout, reason)), response);
  }
}
