import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { patchConnection } from './shim-connection.js';
import type { Connection as Patched } from './shim-connection.js';

interface Connection extends Patched {
  disconnect(): Promise<unknown>;
}
const Connection = createRequire(import.meta.url)('kafkajs/src/network/connection') as {
  new (options: object): Connection;
  prototype: Connection;
};

class FakeSocket extends EventEmitter {
  destroyed: Error | true | undefined;

  destroy(error?: Error): this {
    this.destroyed = error ?? true;
    if (error) this.emit('error', error);
    return this;
  }
  end = () => undefined;
  unref = () => undefined;
}

/** A connection, the sockets it opened, and the correlation ids of the answers that it read. */
function newConnection() {
  const sockets: FakeSocket[] = [];
  const answered: number[] = [];
  const log = () => undefined;
  const logger = { debug: log, info: log, warn: log, error: log, namespace: () => logger };
  const connection = new Connection({
    host: 'kafka',
    port: 9092,
    logger,
    connectionTimeout: 1_000,
    requestTimeout: 1_000,
    enforceRequestTimeout: false,
    socketFactory: ({ onConnect }: { onConnect: () => void }) => {
      const socket = new FakeSocket();
      sockets.push(socket);
      queueMicrotask(onConnect);
      return socket;
    },
  });
  const queue = (connection as unknown as { requestQueue: { fulfillRequest: (answer: object) => void } })
    .requestQueue;
  queue.fulfillRequest = (answer) => void answered.push((answer as { correlationId: number }).correlationId);
  return { connection, sockets, answered };
}

function answer(correlationId: number, bytes = 40): Buffer {
  const frame = Buffer.alloc(8 + bytes);
  frame.writeInt32BE(4 + bytes, 0);
  frame.writeInt32BE(correlationId, 4);
  return frame;
}

async function breakInMidAnswer({
  connection,
  sockets,
  answered,
}: ReturnType<typeof newConnection>): Promise<number[]> {
  await connection.connect();
  sockets[0]!.emit('data', answer(1).subarray(0, 30));
  await connection.disconnect();
  await connection.connect();
  sockets[1]!.emit('data', answer(2));
  sockets[1]!.emit('data', answer(3));
  return answered;
}

describe('the connection of kafkajs', () => {
  it('reads answers wrongly after it broke in the middle of one, when it is left as it is', async () => {
    const broken = newConnection();
    expect(await breakInMidAnswer(broken).catch(() => broken.answered)).not.toEqual([2, 3]);
  });

  it('opens two sockets for two callers, when it is left as it is', async () => {
    const { connection, sockets } = newConnection();
    await Promise.all([connection.connect(), connection.connect()]);
    expect(sockets).toHaveLength(2);
  });

  describe('patched', () => {
    beforeAll(() => patchConnection(Connection.prototype));

    it('reads the next answers rightly', async () => {
      expect(await breakInMidAnswer(newConnection())).toEqual([2, 3]);
    });

    it('opens one socket for two callers, and another one after it was closed', async () => {
      const { connection, sockets } = newConnection();
      expect(await Promise.all([connection.connect(), connection.connect()])).toEqual([true, true]);
      expect(await connection.connect()).toBe(true);
      expect(sockets).toHaveLength(1);
      await connection.disconnect();
      await connection.connect();
      expect(sockets).toHaveLength(2);
    });

    it('hears nothing more from an earlier socket', async () => {
      const { connection, sockets, answered } = newConnection();
      await connection.connect();
      await connection.disconnect();
      await connection.connect();
      sockets[0]!.emit('data', answer(1));
      sockets[1]!.emit('data', answer(2));
      expect(answered).toEqual([2]);
      expect(sockets[0]!.destroyed).toBe(true);
    });

    it('puts an answer together from pieces', async () => {
      const { connection, sockets, answered } = newConnection();
      await connection.connect();
      const bytes = Buffer.concat([answer(1), answer(2, 0), answer(3, 500)]);
      for (const byte of bytes) sockets[0]!.emit('data', Buffer.from([byte]));
      expect(answered).toEqual([1, 2, 3]);
    });

    it('closes the connection on an answer that cannot be read, instead of throwing', async () => {
      const { connection, sockets, answered } = newConnection();
      await connection.connect();
      sockets[0]!.emit('data', Buffer.from([0, 0, 0, 1, 7, 7, 7, 7]));
      expect(answered).toEqual([]);
      expect(String(sockets[0]!.destroyed)).toBe('Error: the answer is not of the Kafka protocol');
    });
  });

  it('refuses another shape', () => {
    const other = {
      connect: () => Promise.resolve(true),
      processData: () => undefined,
    } as unknown as Patched;
    expect(() => patchConnection(other)).toThrow(
      'kafkajs: connect is not the function that the patch was made for',
    );
  });
});
