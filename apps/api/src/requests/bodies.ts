import { json } from 'express';
import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import { Problem } from '../problems/problem.js';

/** Bodies of people's requests, in bytes. */
const bodyMax = 256 * 1024;
/** Reports come with the evidence of their steps, imports with whole files. */
const largeMax = 8 * 1024 * 1024;
const large = /^\/v1\/(sites\/[^/]+\/reports|products\/imports)\/?$/;
/** How deep objects and lists may lie in each other; no request of this API comes near. */
const depthMax = 32;

/** Everything that a request goes through before its body is looked at field by field. */
export function bodyReaders(): (RequestHandler | ErrorRequestHandler)[] {
  const [people, whole] = [json({ limit: bodyMax }), json({ limit: largeMax })];
  const read: RequestHandler = (request, response, next) => {
    (large.test(request.path) ? whole : people)(request, response, next);
  };
  return [mustBeJson, read, broken, mustBeKeepable];
}

/** A body of another type would be passed over, and with it what was asked for. */
const mustBeJson: RequestHandler = (request, _response, next) => {
  const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  if (!hasBody || request.is('application/json') === 'application/json') return next();
  next(new Problem('malformed', 'content-type-invalid', 'the body is not said to be JSON', 'Send it with Content-Type: application/json.'));
};

/** What the parser of Express raises. */
const broken: ErrorRequestHandler = (error: { type?: string; limit?: number; status?: number }, _request, _response, next) => {
  if (error instanceof Problem) return next(error);
  const { type = '', limit, status = 500 } = error;
  if (type === 'entity.too.large') {
    return next(new Problem('too-large', 'payload-too-large', `the body is larger than ${limit} bytes`, 'Send less in one request.', { limit }));
  }
  // A body that cannot be unpacked comes without a type.
  if (status >= 500) return next(error);
  next(new Problem('malformed', 'request-malformed', 'the body is not JSON', 'Send valid JSON as application/json.'));
};

const mustBeKeepable: RequestHandler = (request: Request & { body?: unknown }, _response, next) => {
  if (!/%00/.test(request.url) && isKeepable(request.body)) return next();
  const detail = 'it holds the character NUL, half of a surrogate pair, or too many levels of objects';
  next(new Problem('malformed', 'request-malformed', detail, 'Leave such characters out.'));
};

/** Whether ledger and read models can hold it: neither canonical JSON nor PostgreSQL has a place for the rest. */
function isKeepable(body: unknown): boolean {
  const left = [{ value: body, depth: 0 }];
  for (let one = left.pop(); one; one = left.pop()) {
    const { value, depth } = one;
    if (typeof value === 'string' && !isText(value)) return false;
    if (typeof value !== 'object' || value === null) continue;
    if (depth === depthMax || !Object.keys(value).every(isText)) return false;
    for (const inner of Object.values(value) as unknown[]) left.push({ value: inner, depth: depth + 1 });
  }
  return true;
}

export function isText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000');
}
