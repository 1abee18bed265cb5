import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { Response } from 'express';
import { DecideReview, StartProcedure } from '#commands';
import type { Meta } from '#commands';
import { GetReview, ListReviews } from '#projections';
import type { ReviewEntry } from '#projections';
import { orProblem, problemOf } from '../problems/problem.js';
import { ApiCommand, ApiProblems } from '../requests/api-docs.js';
import { CommandMeta } from '../requests/command-meta.js';
import { cursorOf, readPair } from '../requests/cursor.js';
import { CommandAnswer, answerOf } from '../requests/done.js';
import { Reads, markAnswer } from '../requests/reads.js';
import { DecideBody, ProcedureAnswer, ProcedureBody, ReviewView, ReviewsPage, ReviewsQuery } from './reviews.dto.js';

/** What people decide and do at single nodes. */
@ApiTags('nodes')
@ApiProblems()
@Controller('v1')
export class ReviewsController {
  constructor(
    private readonly queries: QueryBus,
    private readonly commands: CommandBus,
  ) {}

  @Get('reviews')
  @Reads('reviews')
  @ApiOperation({ summary: 'What waits for a person, or did, the most urgent first', description: 'The latest review of each node.', operationId: 'listReviews' })
  @ApiOkResponse({ type: ReviewsPage })
  async list(@Query() { limit = 100, cursor, state }: ReviewsQuery, @Res({ passthrough: true }) response: Response): Promise<ReviewsPage> {
    const of = { reviews: state ?? null };
    const page = await this.queries.execute(new ListReviews({ state: state ?? null, limit, after: readPair(cursor, of) }));
    markAnswer(response, page);
    return { ...page, items: page.items.map(view), next: cursorOf(page.next, of) };
  }

  @Get('nodes/:node/review')
  @Reads('reviews')
  @ApiOperation({ summary: 'The latest review of a node', operationId: 'getReview' })
  @ApiOkResponse({ type: ReviewView })
  async get(@Param('node') node: string, @Res({ passthrough: true }) response: Response): Promise<ReviewView> {
    const answer = orProblem(await this.queries.execute(new GetReview(node)));
    markAnswer(response, answer);
    return view(answer.item);
  }

  @Post('nodes/:node/reviews/:order')
  @HttpCode(202)
  @ApiCommand()
  @ApiOperation({ summary: 'Accepts or rejects what a step showed', operationId: 'decideReview' })
  @ApiAcceptedResponse({ type: CommandAnswer })
  async decide(
    @CommandMeta() meta: Meta, @Param('node') node: string, @Param('order') order: string, @Body() { accept, reason }: DecideBody,
    @Res({ passthrough: true }) response: Response,
  ): Promise<CommandAnswer> {
    return answerOf(await this.commands.execute(new DecideReview(meta, node, order, accept, reason ?? null)), response);
  }

  @Post('nodes/:node/procedures')
  @HttpCode(202)
  @ApiCommand()
  @ApiOperation({ summary: 'Begins a procedure on one node, outside any rollout', operationId: 'startProcedure' })
  @ApiAcceptedResponse({ type: ProcedureAnswer })
  async start(@CommandMeta() meta: Meta, @Param('node') node: string, @Body() { procedure, to }: ProcedureBody, @Res({ passthrough: true }) response: Response): Promise<ProcedureAnswer> {
    const outcome = await this.commands.execute(new StartProcedure(meta, node, procedure, to ?? null));
    if (!outcome.ok) throw problemOf(outcome.refusal);
    return { ...answerOf(outcome, response), id: outcome.id };
  }
}

function view({ position: _position, ...review }: ReviewEntry): ReviewView {
  return review;
}
