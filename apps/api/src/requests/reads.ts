import { Inject, Injectable, SetMetadata, applyDecorators } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiHeader } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Observable } from 'rxjs';
import { DataSource } from 'typeorm';
import { waitForPosition } from '#projections';
import type { AuthenticatedRequest } from '../access/access.guard.js';
import type { ApiLimits } from '../limits.js';
import { Problem } from '../problems/problem.js';
import { limitsToken } from '../tokens.js';

const readsKey = 'rollbook:reads';

/** The read models that a route answers from: a caller who names a position waits until they have come so far. */
export const Reads = (...projections: string[]) => applyDecorators(
  SetMetadata(readsKey, projections),
  ApiHeader({ name: 'Rollbook-Position', required: false, description: 'Waits until this position of the ledger is projected.' }),
);

/** `Rollbook-Position` (or `position` in the query) makes a read wait for what was written at that position. */
@Injectable()
export class ReadsInterceptor implements NestInterceptor {
  constructor(
    private readonly source: DataSource,
    private readonly reflector: Reflector,
    @Inject(limitsToken) private readonly limits: ApiLimits,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const projections = this.reflector.get<string[] | undefined>(readsKey, context.getHandler());
    if (projections) await this.wait(context.switchToHttp().getRequest<AuthenticatedRequest>(), projections);
    return next.handle();
  }

  private async wait(request: AuthenticatedRequest, projections: readonly string[]): Promise<void> {
    const asked = request.headers['rollbook-position'] ?? request.query['position'];
    if (asked === undefined) return;
    const position = typeof asked === 'string' && /^\d{1,15}$/.test(asked) ? Number(asked) : NaN;
    if (Number.isNaN(position)) throw new Problem('malformed', 'position-invalid', 'Rollbook-Position must be a number', 'Send the position that a command answered with.');
    if (await waitForPosition(this.source, projections, position, this.limits.readWaitMs)) return;
    throw new Problem('not-yet', 'not-yet-projected', `position ${position} is not yet projected`, 'Try again in a moment; if it stays, see whether a worker runs.', { position });
  }
}

/** Marks an answer with how far its read model had come, and since when it may lack something. */
export function markAnswer(response: Response, answer: { position: number; incompleteSince: number | null }, version?: number | string): void {
  response.setHeader('Rollbook-Position', String(answer.position));
  if (answer.incompleteSince !== null) response.setHeader('Rollbook-Incomplete-Since', String(answer.incompleteSince));
  if (version !== undefined) response.setHeader('ETag', `"${version}"`);
}
