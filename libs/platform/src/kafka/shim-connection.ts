import type { Socket } from 'node:net';
import { demandShape } from './shim-shape.js';

/** What the patch reads and writes of kafkajs 2.2.4 src/network/connection.js. */
export interface Connection {
  socket?: Socket;
  chunks: Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  isConnected: (this: Connection) => boolean;
  connect: (this: Connection) => Promise<boolean>;
  processData: (this: Connection, data: Buffer) => void;
}

const bytesOfLength = 4;

/**
 * Keeps a connection's answers apart from those of its earlier sockets. As it is, half an answer that was
 * read when a connection broke stays in front of the first answer of the next one, two callers that
 * reconnect at once open two sockets into one buffer, and what comes out as lengths is read outside of the
 * buffer: an exception in a socket's event, which ends the process (kafkajs issue #715). Found by cutting
 * connections at random: about one cut in 100.
 */
export function patchConnection(prototype: Connection): void {
  demandShape(prototype, 'connect', [
    'if (this.isConnected())',
    'this.socket = createSocket',
    'this.processData(data)',
  ]);
  demandShape(prototype, 'processData', [
    'this.chunks.push(rawData)',
    'this.bytesNeeded <= this.bytesBuffered',
  ]);
  const { connect, processData } = prototype;
  const connecting = new WeakMap<Connection, Promise<boolean>>();

  prototype.connect = function () {
    if (this.isConnected()) return Promise.resolve(true);
    const begun = connecting.get(this);
    if (begun) return begun;
    forgetOldSocket(this);
    const attempt = connect.call(this).finally(() => connecting.delete(this));
    connecting.set(this, attempt);
    return attempt;
  };

  prototype.processData = function (data) {
    try {
      processData.call(this, data);
    } catch (cause) {
      // The socket's error event is how kafkajs learns that its requests have failed.
      this.socket?.destroy(new Error('the answer is not of the Kafka protocol', { cause }));
    }
  };
}

function forgetOldSocket(connection: Connection): void {
  connection.socket?.removeAllListeners('data').destroy();
  connection.chunks = [];
  connection.bytesBuffered = 0;
  connection.bytesNeeded = bytesOfLength;
}
