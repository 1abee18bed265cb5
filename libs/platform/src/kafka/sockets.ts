import { connect as connectPlain } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { tlsOptions } from './settings.js';
import type { KafkaTls } from './settings.js';

const keepAliveMs = 60_000;

export interface SocketRequest {
  host: string;
  port: number;
  onConnect: () => void;
}

/**
 * All sockets of one client, and the one switch that ends them for good. A kafkajs object that was given up
 * can still hold a request in flight and reconnects by itself after `disconnect()`
 * (src/producer/sendMessages.js), so what it wrote late would stand behind what its successor wrote. After
 * `cut` it can do neither.
 */
export class SocketSwitch {
  private readonly open = new Set<Socket>();
  /** Why the sockets were cut, once they were. */
  reason: string | undefined;

  constructor(private readonly tls: KafkaTls | undefined) {}

  connect({ host, port, onConnect }: SocketRequest): Socket {
    if (this.reason !== undefined) throw new Error(this.reason);
    const socket = this.tls
      ? connectTls({ host, port, ...tlsOptions(this.tls, host) }, onConnect)
      : connectPlain({ host, port }, onConnect);
    socket.setKeepAlive(true, keepAliveMs);
    socket.setNoDelay(true);
    this.open.add(socket);
    socket.once('close', () => this.open.delete(socket));
    return socket;
  }

  /** Ends every socket and refuses new ones; the reason is what kafkajs reports for its broken requests. */
  cut(reason: string): void {
    this.reason ??= reason;
    for (const socket of this.open) socket.destroy(new Error(reason));
  }
}
