import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { DataSource } from 'typeorm';
import { Feed } from '#projections';
import { Open } from '../access/access.guard.js';
import { Problem } from '../problems/problem.js';
import { ApiProblems } from '../requests/api-docs.js';
import { ServiceMetrics } from './metrics.js';

export class LedgerView {
  @ApiProperty({ description: 'Number of events.' }) size: number;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'number' }, description: 'How many events each follower has still to take.' }) lag: { [follower: string]: number };
}

export class LivenessView {
  @ApiProperty({ example: 'ok' }) status: string;
}

@ApiTags('service')
@ApiProblems()
@Controller()
export class ServiceController {
  constructor(
    private readonly source: DataSource,
    private readonly metrics: ServiceMetrics,
    private readonly feed: Feed,
  ) {}

  @Get('v1/ledger')
  @ApiOperation({ summary: 'How long the ledger is, and how far its followers are behind', operationId: 'getLedger' })
  @ApiOkResponse({ type: LedgerView })
  async ledger(): Promise<LedgerView> {
    const size = await this.feed.size();
    return { size, lag: await this.metrics.lags(size) };
  }

  @Get('v1/evidence/:sha256')
  @ApiOperation({ summary: 'Evidence by its digest: what a step said', operationId: 'getEvidence' })
  @ApiOkResponse({ content: { 'text/plain': { schema: { type: 'string' } } } })
  async evidence(@Param('sha256') sha256: string, @Res() response: Response): Promise<void> {
    const bytes = await this.feed.evidence(sha256);
    if (!bytes) throw new Problem('unknown', 'evidence-unknown', `there is no evidence ${sha256}`, 'Take the digest from an event.');
    // Never as anything that a browser would run.
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cache-Control', 'private, max-age=31536000, immutable');
    response.type('text/plain').send(bytes);
  }

  @Open()
  @Get('healthz')
  @ApiOperation({ summary: 'Liveness of this process', operationId: 'liveness', security: [] })
  @ApiOkResponse({ type: LivenessView })
  liveness(): LivenessView {
    return { status: 'ok' };
  }

  @Open()
  @Get('readyz')
  @ApiOperation({ summary: 'Whether this process can answer: the ledger and the read models are within reach', operationId: 'readiness', security: [] })
  @ApiOkResponse({ type: LivenessView })
  async readiness(): Promise<LivenessView> {
    try {
      await this.feed.size();
      await this.source.query('select 1 from roll.follower limit 1');
      return { status: 'ok' };
    } catch (error) {
      throw new Problem('unavailable', 'not-ready', `PostgreSQL does not answer: ${error instanceof Error ? error.message : String(error)}`, 'See that it runs and that `rollbook schema apply` was done.');
    }
  }

  @Open()
  @Get('metrics')
  @ApiOperation({ summary: 'Metrics for Prometheus', operationId: 'metrics', security: [] })
  @ApiOkResponse({ content: { 'text/plain': { schema: { type: 'string' } } } })
  async scrape(@Res() response: Response): Promise<void> {
    response.setHeader('Content-Type', this.metrics.contentType);
    response.send(Buffer.from(await this.metrics.text()));
  }
}
