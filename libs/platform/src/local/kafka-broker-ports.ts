import { randomInt } from 'node:crypto';
import { portIsFree } from './free-port.js';

const lowest = 20_000;
const highest = 32_000;
const attempts = 50;

/**
 * A port of the loopback address that nobody listens on now, and below the ports that systems give to
 * outgoing connections: while a broker is down, a client that keeps dialling a port from that range can be
 * given this very port as its own end, and the broker cannot come back.
 */
export async function steadyPort(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = randomInt(lowest, highest);
    if (await portIsFree(port)) return port;
  }
  throw new Error(`no free port found between ${lowest} and ${highest}`);
}
