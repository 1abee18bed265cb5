import { Catch, HttpException } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { EnvelopeTooLarge, isUnavailable } from '#commands';
import type { Logger } from '#platform';
import { Problem } from './problem.js';

/** Writes every error as a problem. What is not foreseen is logged with its causes and shown without them. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    // Whoever asked is gone, or this process is about to be: nobody is left to tell.
    if (response.destroyed) return;
    const problem = this.problemOf(error, request);
    if (response.headersSent) {
      // A stream that broke off: there is no room for a problem any more.
      response.destroy();
      return;
    }
    if (problem.kind === 'not-yet' || problem.kind === 'unavailable') response.setHeader('Retry-After', '1');
    if (problem.kind === 'unauthenticated') response.setHeader('WWW-Authenticate', 'Bearer');
    response.status(problem.body.status).type('application/problem+json').send(JSON.stringify({ ...problem.body, instance: request.path }));
  }

  private problemOf(error: unknown, request: Request): Problem {
    if (error instanceof Problem) return error;
    if (error instanceof EnvelopeTooLarge) return new Problem('too-large', 'envelope-too-large', error.message, 'Send less.');
    if (error instanceof HttpException) return this.ofNest(error, request);
    if (isUnavailable(driverErrorOf(error))) {
      this.logger.error('PostgreSQL is not available', { error, path: request.path });
      return new Problem('unavailable', 'ledger-unavailable', 'the ledger cannot be reached', 'Try again with the same Idempotency-Key.');
    }
    this.logger.error('an unforeseen error', { error, stack: error instanceof Error ? error.stack : undefined, path: request.path });
    return new Problem('fault', 'fault', 'something went wrong here', 'Try again; if it stays, look into the log of the API.');
  }

  private ofNest(error: HttpException, request: Request): Problem {
    if (error.getStatus() === 404) {
      return new Problem('unknown', 'route-unknown', `there is no ${request.method} ${request.path}`, 'See / for what there is.');
    }
    return new Problem('malformed', 'request-invalid', error.message, 'Mend the request and send it again.');
  }
}

/** TypeORM wraps what the driver raised. */
function driverErrorOf(error: unknown): unknown {
  return (error as { driverError?: unknown }).driverError ?? error;
}
