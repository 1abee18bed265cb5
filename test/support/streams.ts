import type { IncomingMessage } from 'node:http';

export interface Received {
  id: number;
  event: string;
  data: string;
}

/** Reads a streamed answer part by part, as far as a test wants. */
export class StreamReader {
  private rest = '';
  private readonly chunks: AsyncIterator<Buffer>;

  constructor(
    readonly answer: IncomingMessage,
    private readonly end: string,
  ) {
    this.chunks = answer[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** The next part, without the end that parts have; undefined behind the last. */
  async next(): Promise<string | undefined> {
    for (;;) {
      const at = this.rest.indexOf(this.end);
      if (at >= 0) {
        const part = this.rest.slice(0, at);
        this.rest = this.rest.slice(at + this.end.length);
        return part;
      }
      const chunk = await this.chunks.next();
      if (chunk.done) return undefined;
      this.rest += chunk.value.toString('utf8');
    }
  }

  /** The next event of server-sent events; signs of life are passed over. */
  async event(): Promise<Received> {
    for (let part = await this.next(); part !== undefined; part = await this.next()) {
      const parsed = /^id: (\d+)\nevent: (\S+)\ndata: (.*)$/.exec(part);
      if (parsed) return { id: Number(parsed[1]), event: parsed[2]!, data: parsed[3]! };
    }
    throw new Error('the stream has ended');
  }

  leave(): void {
    this.answer.destroy();
  }
}
