import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { Response } from 'express';
import { RegisterNode } from '#commands';
import type { Meta } from '#commands';
import { GetNode, ListNodes, NodeHistory } from '#projections';
import { orProblem } from '../problems/problem.js';
import { ApiCommand, ApiProblems } from '../requests/api-docs.js';
import { CommandMeta } from '../requests/command-meta.js';
import { cursorOf, readCursor, readNumber } from '../requests/cursor.js';
import { CommandAnswer, answerOf } from '../requests/done.js';
import { PageQuery } from '../requests/page.dto.js';
import { Reads, markAnswer } from '../requests/reads.js';
import { HistoryPage, NodeView, NodesPage, NodesQuery, RegisterNodeBody } from './nodes.dto.js';

@ApiTags('nodes')
@ApiProblems()
@Controller('v1/nodes')
export class NodesController {
  constructor(
    private readonly queries: QueryBus,
    private readonly commands: CommandBus,
  ) {}

  @Get()
  @Reads('fleet')
  @ApiOperation({ summary: 'The fleet: which node runs what, in which health, doing what', operationId: 'listNodes' })
  @ApiOkResponse({ type: NodesPage })
  async list(@Query() { selector = 'all', limit = 100, cursor }: NodesQuery, @Res({ passthrough: true }) response: Response): Promise<NodesPage> {
    const page = orProblem(await this.queries.execute(new ListNodes({ selector, limit, after: readCursor(cursor, { selector }) })));
    markAnswer(response, page);
    return { ...page, items: page.items.map(view), next: cursorOf(page.next, { selector }) };
  }

  @Post()
  @ApiCommand()
  @ApiOperation({ summary: 'Makes a node known', description: 'Agents announce their nodes by themselves; this is for nodes that have none yet.', operationId: 'registerNode' })
  @ApiCreatedResponse({ type: CommandAnswer })
  async register(@CommandMeta() meta: Meta, @Body() { node, site, product, labels }: RegisterNodeBody, @Res({ passthrough: true }) response: Response): Promise<CommandAnswer> {
    return answerOf(await this.commands.execute(new RegisterNode(meta, node, site, product, labels ?? {})), response);
  }

  @Get(':node')
  @Reads('fleet')
  @ApiOperation({ summary: 'One node', operationId: 'getNode' })
  @ApiOkResponse({ type: NodeView })
  async get(@Param('node') node: string, @Res({ passthrough: true }) response: Response): Promise<NodeView> {
    const answer = orProblem(await this.queries.execute(new GetNode(node)));
    markAnswer(response, answer, answer.item.streamVersion);
    return view(answer.item);
  }

  @Get(':node/history')
  @Reads('history')
  @ApiOperation({ summary: 'Everything that happened to a node, the oldest first', operationId: 'nodeHistory' })
  @ApiOkResponse({ type: HistoryPage })
  async history(@Param('node') node: string, @Query() { limit = 100, cursor }: PageQuery, @Res({ passthrough: true }) response: Response): Promise<HistoryPage> {
    const after = readNumber(cursor, { node }, Number.MAX_SAFE_INTEGER);
    const page = orProblem(await this.queries.execute(new NodeHistory(node, { after, limit })));
    markAnswer(response, page);
    return { ...page, items: page.items.map(({ node: _node, ...entry }) => entry), next: cursorOf(page.next, { node }) };
  }
}

function view({ streamVersion: _version, position: _position, ...node }: NodeView & { streamVersion: number; position: number }): NodeView {
  return node;
}
