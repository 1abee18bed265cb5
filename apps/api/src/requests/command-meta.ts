import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { Meta } from '#commands';
import { idFrom, newId, uuidPattern } from '#platform';
import type { AuthenticatedRequest } from '../access/access.guard.js';
import { Problem } from '../problems/problem.js';

/** The meta data of a command from its request: who, under which Idempotency-Key, against which version (If-Match). */
export const CommandMeta = createParamDecorator((_: unknown, context: ExecutionContext): Meta => {
  const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
  const { actor } = request.caller;
  const key = header(request, 'idempotency-key');
  const ifVersion = versionIn(header(request, 'if-match'));
  const correlation = header(request, 'rollbook-correlation');
  if (correlation !== undefined && !uuidPattern.test(correlation)) {
    throw new Problem('malformed', 'correlation-invalid', 'Rollbook-Correlation must be a lower-case UUID', 'Leave it out, or send a UUID.');
  }
  return {
    command: key === undefined ? newId() : idFrom('http', actor.ref, keyIn(key)),
    actor,
    ...(correlation === undefined ? {} : { correlation }),
    ...(ifVersion === undefined ? {} : { ifVersion }),
  };
});

function header(request: AuthenticatedRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** With or without the quotes that a structured field has. */
function keyIn(text: string): string {
  const key = text.replace(/^"(.*)"$/, '$1');
  if (/^[\x21-\x7e]{1,200}$/.test(key)) return key;
  throw new Problem('malformed', 'idempotency-key-invalid', 'an Idempotency-Key has 1 to 200 printable characters', 'Use a new UUID for each new command.');
}

/** The version of the stream; what may stand behind it tells answers apart, not versions. */
function versionIn(text: string | undefined): number | undefined {
  if (text === undefined || text === '*') return undefined;
  const version = /^"(\d{1,9})(?:-\d{1,16})?"$/.exec(text)?.[1];
  if (version !== undefined) return Number(version);
  throw new Problem('malformed', 'if-match-invalid', 'If-Match must be an ETag as this API gives it', 'Send the ETag of the last read as it was.');
}
