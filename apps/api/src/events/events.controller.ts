import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, MaxLength, Min } from 'class-validator';
import type { Request, Response } from 'express';
import { Feed } from '#projections';
import { ApiProblems } from '../requests/api-docs.js';
import { streamEvents } from './event-stream.js';

export class EventsQuery {
  @ApiPropertyOptional({ default: 0, description: 'Position behind which to begin; SSE clients send it as Last-Event-ID when they come back.' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  after?: number;

  @ApiPropertyOptional({ description: 'Only events that name this rollout.' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  rollout?: string;

  @ApiPropertyOptional({ enum: ['yes', 'no'], default: 'yes', description: 'With `no` the answer ends at the head of the ledger.' })
  @IsOptional()
  @IsIn(['yes', 'no'])
  follow?: 'yes' | 'no';
}

@ApiTags('events')
@ApiProblems()
@Controller('v1/events')
export class EventsController {
  constructor(private readonly feed: Feed) {}

  @Get()
  @ApiOperation({
    summary: 'The ledger as it grows',
    description: 'Server-sent events with the position as id, or one JSON object a line with Accept: application/x-ndjson. Each is the exact bytes that the ledger stores.',
    operationId: 'streamEvents',
  })
  @ApiOkResponse({ content: { 'text/event-stream': { schema: { type: 'string' } }, 'application/x-ndjson': { schema: { type: 'string' } } } })
  async stream(@Query() { after, rollout, follow = 'yes' }: EventsQuery, @Req() request: Request, @Res() response: Response): Promise<void> {
    const lastSeen = Number(request.headers['last-event-id'] ?? NaN);
    const from = Number.isInteger(lastSeen) && lastSeen >= 0 ? lastSeen : (after ?? 0);
    const format = /\bapplication\/(x-ndjson|jsonl|json)\b/.test(request.headers.accept ?? '') ? 'ndjson' : 'sse';
    await streamEvents(this.feed, response, { after: from, rollout, follow: follow === 'yes', format });
  }
}
