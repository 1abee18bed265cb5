import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import type { Request, Response } from 'express';
import type { Clock } from '#platform';
import { Feed } from '#projections';
import type { ApiLimits } from '../limits.js';
import { Problem } from '../problems/problem.js';
import { ApiProblems } from '../requests/api-docs.js';
import { clockToken, limitsToken } from '../tokens.js';
import { streamEvents } from './event-stream.js';

export class EventsQuery {
  @ApiPropertyOptional({ default: 0, description: 'Position behind which to begin; SSE clients send it as Last-Event-ID when they come back.' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  after?: number;

  @ApiPropertyOptional({ description: 'Only events that name this rollout.' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  rollout?: string;

  @ApiPropertyOptional({ enum: ['yes', 'no'], default: 'yes', example: 'no', description: 'With `no` the answer ends at the head of the ledger.' })
  @IsOptional()
  @IsIn(['yes', 'no'])
  follow?: 'yes' | 'no';
}

@ApiTags('events')
@ApiProblems()
@Controller('v1/events')
export class EventsController {
  constructor(
    private readonly feed: Feed,
    @Inject(clockToken) private readonly clock: Clock,
    @Inject(limitsToken) private readonly limits: ApiLimits,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'The ledger as it grows',
    description: 'Server-sent events with the position as id, or one JSON object a line with Accept: application/x-ndjson. Each is the exact bytes that the ledger stores.',
    operationId: 'streamEvents',
  })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Id of the last event that was read; goes before `after`.' })
  @ApiOkResponse({ content: { 'text/event-stream': { schema: { type: 'string' } }, 'application/x-ndjson': { schema: { type: 'string' } } } })
  async stream(@Query() { after, rollout, follow = 'yes' }: EventsQuery, @Req() request: Request, @Res() response: Response): Promise<void> {
    const from = lastSeen(request) ?? after ?? 0;
    const format = /\bapplication\/(x-ndjson|jsonl|json)\b/.test(request.headers.accept ?? '') ? 'ndjson' : 'sse';
    // HEAD asks for no events, and would wait for the end of them.
    const options = { after: from, rollout, follow: follow === 'yes' && request.method === 'GET', format } as const;
    await streamEvents({ feed: this.feed, clock: this.clock, heartbeatMs: this.limits.heartbeatMs }, response, options);
  }
}

/** Where a client that comes back had come to; browsers send it by themselves, and go on repeating it. */
function lastSeen(request: Request): number | undefined {
  const header = request.headers['last-event-id'];
  if (header === undefined || header === '') return undefined;
  if (typeof header === 'string' && /^\d{1,15}$/.test(header)) return Number(header);
  throw new Problem('malformed', 'position-invalid', 'Last-Event-ID must be a position', 'Send the id of the last event that was read.');
}
