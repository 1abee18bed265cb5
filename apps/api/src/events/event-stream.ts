import type { Response } from 'express';
import type { Clock } from '#platform';
import type { Feed, FeedEvent } from '#projections';

export interface StreamOptions {
  after: number;
  /** Only events that name this rollout. */
  rollout: string | undefined;
  /** Ends at the head that was found first, instead of waiting for what comes. */
  follow: boolean;
  format: 'sse' | 'ndjson';
}

export interface StreamGround {
  feed: Feed;
  clock: Clock;
  heartbeatMs: number;
}

/** Events that are held at once for one reader: the largest are 64 KiB. */
const page = 200;
/** How long to wait for news before looking whether a sign of life is due, in milliseconds. */
const lookMs = 500;

/** Writes the ledger's events as they are, from a position on, at the reader's pace; ends when the reader leaves. */
export async function streamEvents({ feed, clock, heartbeatMs }: StreamGround, response: Response, options: StreamOptions): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const sse = options.format === 'sse';
  // Asked before the head is sent, so that a ledger out of reach can still be told of as a problem.
  const end = options.follow ? Infinity : await feed.size();
  let { after } = options;
  let events = after < end ? await feed.after(after, Math.min(page, end - after)) : [];
  writeHead(response, sse);
  for (let spokenAt = clock.millis(); ; ) {
    after = events.at(-1)?.position ?? after;
    const text = events.filter((event) => wanted(event, options.rollout)).map((event) => textOf(event, sse)).join('');
    // A comment in SSE, an empty line in NDJSON: neither means anything to a reader.
    const sign = clock.millis() - spokenAt < heartbeatMs ? '' : sse ? ': still here\n\n' : '\n';
    if (text !== '' || sign !== '') {
      await write(response, text === '' ? sign : text, gone.signal);
      spokenAt = clock.millis();
    }
    if (events.length === 0 && after < end) await feed.grown(after, Math.min(lookMs, heartbeatMs), gone.signal);
    if (gone.signal.aborted || after >= end) break;
    events = await feed.after(after, Math.min(page, end - after));
  }
  response.end();
}

function writeHead(response: Response, sse: boolean): void {
  response.writeHead(200, {
    'Content-Type': sse ? 'text/event-stream' : 'application/x-ndjson',
    'Cache-Control': 'no-store',
    // For nginx in front: it would gather what is meant to be seen at once.
    'X-Accel-Buffering': 'no',
  });
  response.flushHeaders();
}

function wanted(event: FeedEvent, rollout: string | undefined): boolean {
  if (rollout === undefined) return true;
  if (event.stream === `rollout/${rollout}`) return true;
  return event.stream.startsWith('node/') && event.bytes.includes(`"rollout":${JSON.stringify(rollout)}`);
}

/** The bytes are one line of JSON, which is what a data field holds. */
function textOf({ position, type, bytes }: FeedEvent, sse: boolean): string {
  const line = bytes.toString('utf8');
  return sse ? `id: ${position}\nevent: ${type}\ndata: ${line}\n\n` : `${line}\n`;
}

function write(response: Response, text: string, gone: AbortSignal): Promise<void> {
  if (response.write(text)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      gone.removeEventListener('abort', done);
      resolve();
    };
    response.once('drain', done);
    gone.addEventListener('abort', done, { once: true });
  });
}
