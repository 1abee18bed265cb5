import { Injectable, SetMetadata } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Response } from 'express';
import type { Observable } from 'rxjs';
import { DataSource } from 'typeorm';
import { waitForPosition } from '#projections';
import type { AuthenticatedRequest } from '../access/access.guard.js';
import { Problem } from '../problems/problem.js';

const readsKey = 'rollbook:reads';
const waitMs = 5_000;

/** The read models that a route answers from: a caller who names a position waits until they have come so far. */
export const Reads = (...projections: string[]) => SetMetadata(readsKey, projections);

/** `Rollbook-Position` (or `position` in the query) makes a read wait for what was written at that position. */
@Injectable()
export class ReadsInterceptor implements NestInterceptor {
  constructor(
    private readonly source: DataSource,
    private readonly reflector: Reflector,
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
    if (await waitForPosition(this.source, projections, position, waitMs)) return;
    throw new Problem('not-yet', 'not-yet-projected', `position ${position} is not yet projected`, 'Try again in a moment; if it stays, see whether a worker runs.', { position });
  }
}

/** Marks an answer with how far its read model had come, and since when it may lack something. */
export function markAnswer(response: Response, answer: { position: number; incompleteSince: number | null }, version?: number): void {
  response.setHeader('Rollbook-Position', String(answer.position));
  if (answer.incompleteSince !== null) response.setHeader('Rollbook-Incomplete-Since', String(answer.incompleteSince));
  if (version !== undefined) response.setHeader('ETag', `"${version}"`);
}
