import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { CommandBus } from '@nestjs/cqrs';
import type { Request } from 'express';
import { EnrolAgent } from '#commands';
import { namePattern, publicKeyId } from '#messaging';
import { newId } from '#platform';
import { Open } from '../access/access.guard.js';
import { Problem, problemOf } from '../problems/problem.js';
import { ApiProblems } from '../requests/api-docs.js';
import { doorToken } from '../tokens.js';
import type { PullDoor } from './pull-door.js';
import { EnrolAnswer, EnrolBody, OrdersAnswer, OrdersQuery, ReportsAnswer, ReportsBody } from './sites.dto.js';

/** A header that shows who calls. The description has it as a security scheme, not as a parameter. */
const Credential = createParamDecorator((name: string, context: ExecutionContext): string | undefined => {
  const value = context.switchToHttp().getRequest<Request>().headers[name];
  return Array.isArray(value) ? value[0] : value;
});

/** The door for agents. They show who they are by their own means, so it is open to the guard of people. */
@Open()
@ApiTags('agents')
@ApiProblems()
@Controller('v1/sites/:site')
export class SitesController {
  constructor(
    @Inject(doorToken) private readonly door: PullDoor,
    private readonly commands: CommandBus,
  ) {}

  @Post('agents')
  @ApiBearerAuth('enrolment')
  @ApiOperation({ summary: 'Makes an agent\'s key known', description: 'With the enrolment secret as bearer token.', operationId: 'enrolAgent' })
  @ApiCreatedResponse({ type: EnrolAnswer })
  async enrol(@Param('site') site: string, @Body() { agent, publicKey, channel }: EnrolBody, @Credential('authorization') authorization?: string): Promise<EnrolAnswer> {
    if (!this.door.mayEnrol(/^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1])) {
      throw new Problem('unauthenticated', 'enrolment-refused', 'the enrolment secret is missing or wrong', 'Give the agent the secret file of this service.');
    }
    const keyId = publicKeyId(publicKey);
    if (keyId === undefined) throw problemOf({ code: 'agent-key-invalid', facts: { agent } });
    // A new id each time: asking again for what is so changes nothing, and what was so once may be asked for again.
    const meta = { command: newId(), actor: { kind: 'agent' as const, ref: `${site}/${agent}` } };
    const outcome = await this.commands.execute(new EnrolAgent(meta, site, { agent, keyId, publicKey, channel }));
    if (!outcome.ok) throw problemOf(outcome.refusal);
    return { servicePublicKey: this.door.servicePublicKey(), position: outcome.position };
  }

  @Get('orders')
  @ApiSecurity('pass')
  @ApiOperation({ summary: 'Orders of a site, behind a cursor', description: 'Holds the request open until there is one.', operationId: 'pullOrders' })
  @ApiOkResponse({ type: OrdersAnswer })
  async orders(@Param('site') site: string, @Query() { after = 0, wait = 0 }: OrdersQuery, @Req() request: Request, @Credential('rollbook-agent') pass?: string): Promise<OrdersAnswer> {
    await this.mustPass(site, pass);
    const gone = new AbortController();
    request.once('close', () => gone.abort());
    return this.door.orders(site, after, wait * 1000, gone.signal);
  }

  @Post('reports')
  @HttpCode(200)
  @ApiSecurity('pass')
  @ApiOperation({ summary: 'Takes reports of agents', operationId: 'postReports' })
  @ApiOkResponse({ type: ReportsAnswer })
  async reports(@Param('site') site: string, @Body() { reports }: ReportsBody, @Credential('rollbook-agent') pass?: string): Promise<ReportsAnswer> {
    await this.mustPass(site, pass);
    return { receipts: await this.door.take(site, reports) };
  }

  private async mustPass(site: string, pass: string | undefined): Promise<void> {
    if (namePattern.test(site) && pass !== undefined && (await this.door.agentOf(site, pass)) !== undefined) return;
    throw new Problem('unauthenticated', 'pass-refused', 'the pass is missing, too old, or of no agent of this site', 'Enrol the agent, and see that its clock is right.');
  }
}
