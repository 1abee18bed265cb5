import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AgentMetrics } from './metrics.js';

export interface MetricsDoor {
  port: number;
  close(): Promise<void>;
}

/** Liveness and metrics of an agent; nothing that could be asked of it is done by it. */
export async function openMetricsDoor(metrics: AgentMetrics, port: number, host: string): Promise<MetricsDoor> {
  const server = createServer((request, response) => {
    if (request.url === '/healthz') response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}');
    else if (request.url === '/metrics') {
      metrics.text().then((text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text), () => response.writeHead(500).end());
    } else response.writeHead(404).end();
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
