import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/** Api keys of the Kafka protocol. */
export const produceKey = 0;
export const fetchKey = 1;
export const initProducerIdKey = 22;

/** What the proxy does to one request, or to all, of a kind; counted from 1 since the last `arm`. */
export interface Fault {
  key: number;
  nth: number | 'all';
  /**
   * `lose-answer`: the broker takes it and the client's connection breaks. `refuse`: it breaks before the
   * broker has it. `keep-silent`: the broker takes it and the client never hears. `halve-answer`: the
   * connection is reset in the middle of the answer.
   */
  what: 'refuse' | AfterBroker;
}
type AfterBroker = 'lose-answer' | 'keep-silent' | 'halve-answer';

type Pending = Map<number, AfterBroker>;

/** Stands in front of a broker, passes frames on, and breaks chosen requests. */
export class KafkaProxy {
  /** How many faults have struck. */
  broken = 0;
  private seen = new Map<number, number>();
  private target = 0;
  private faults: Fault[] = [];
  private blocked = false;
  private readonly clients = new Set<Socket>();
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async listen(): Promise<KafkaProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new KafkaProxy(server, (server.address() as { port: number }).port);
    server.on('connection', (client) => proxy.accept(client));
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  to(address: string): void {
    this.target = Number(address.split(':')[1]);
  }

  arm(...faults: Fault[]): void {
    this.faults = faults;
    this.seen = new Map();
    this.broken = 0;
  }

  /** Ends every connection as a broker does that shuts down, and takes no new ones until `unblock`. */
  block(): void {
    this.blocked = true;
    for (const client of this.clients) client.end();
  }

  unblock(): void {
    this.blocked = false;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private accept(client: Socket): void {
    if (this.blocked) return void client.destroy();
    this.clients.add(client);
    client.once('close', () => this.clients.delete(client));
    const broker = connect(this.target, '127.0.0.1');
    const pending: Pending = new Map();
    for (const socket of [client, broker]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        client.destroy();
        broker.destroy();
      });
    }
    onFrames(client, (frame) => this.request(frame, client, broker, pending));
    onFrames(broker, (frame) => {
      const fault = pending.get(frame.readInt32BE(4));
      if (fault === 'lose-answer') client.destroy();
      else if (fault === 'halve-answer') halve(client, frame);
      else if (fault === undefined) client.write(frame);
    });
  }

  private request(frame: Buffer, client: Socket, broker: Socket, pending: Pending): void {
    const key = frame.readInt16BE(4);
    const nth = (this.seen.get(key) ?? 0) + 1;
    this.seen.set(key, nth);
    const fault = this.faults.find((one) => one.key === key && (one.nth === nth || one.nth === 'all'));
    if (fault) this.broken++;
    if (fault?.what === 'refuse') return void client.destroy();
    if (fault) pending.set(frame.readInt32BE(8), fault.what);
    broker.write(frame);
  }
}

/** The half must have been read before the reset, which would take it back. */
function halve(client: Socket, frame: Buffer): void {
  client.write(frame.subarray(0, frame.length >> 1), () => setTimeout(() => client.resetAndDestroy(), 10));
}

function onFrames(socket: Socket, take: (frame: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const length = 4 + rest.readInt32BE(0);
      take(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  });
}
