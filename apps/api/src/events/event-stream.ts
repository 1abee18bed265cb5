import type { Response } from 'express';
import { pause } from '#platform';
import type { Feed, FeedEvent } from '#projections';

export interface StreamOptions {
  after: number;
  /** Only events that name this rollout. */
  rollout: string | undefined;
  /** Ends at the head that was found first, instead of waiting for what comes. */
  follow: boolean;
  format: 'sse' | 'ndjson';
}

const page = 500;
const pollMs = 50;
/** Proxies and browsers give up on silent connections. */
const heartbeatMs = 15_000;

/** Writes the ledger's events as they are, from a position on, at the reader's pace; ends when the reader leaves. */
export async function streamEvents(feed: Feed, response: Response, options: StreamOptions): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const sse = options.format === 'sse';
  response.writeHead(200, {
    'Content-Type': sse ? 'text/event-stream' : 'application/x-ndjson',
    'Cache-Control': 'no-store',
    // For nginx in front: it would gather what is meant to be seen at once.
    'X-Accel-Buffering': 'no',
  });
  response.flushHeaders();
  const end = options.follow ? Infinity : await feed.size();
  let silentMs = 0;
  for (let after = options.after; !gone.signal.aborted && after < end; ) {
    const events = await feed.after(after, page);
    after = events.at(-1)?.position ?? after;
    const text = events.filter((event) => wanted(event, options.rollout)).map((event) => (sse ? sseText(event) : `${event.bytes.toString('utf8')}\n`)).join('');
    if (text !== '') {
      silentMs = 0;
      await write(response, text, gone.signal);
    } else if (events.length === 0) {
      await pause(pollMs, gone.signal);
      silentMs += pollMs;
    }
    // A comment in SSE, an empty line in NDJSON: neither means anything to a reader.
    if (silentMs >= heartbeatMs) {
      silentMs = 0;
      await write(response, sse ? ': still here\n\n' : '\n', gone.signal);
    }
  }
  response.end();
}

function wanted(event: FeedEvent, rollout: string | undefined): boolean {
  if (rollout === undefined) return true;
  if (event.stream === `rollout/${rollout}`) return true;
  return event.stream.startsWith('node/') && event.bytes.includes(`"rollout":${JSON.stringify(rollout)}`);
}

/** The bytes are one line of JSON, which is what a data field holds. */
function sseText({ position, type, bytes }: FeedEvent): string {
  return `id: ${position}\nevent: ${type}\ndata: ${bytes.toString('utf8')}\n\n`;
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
