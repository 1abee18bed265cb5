import { spawnSync } from 'node:child_process';
import { writeFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { HttpClient, UnsafeAddress } from '#platform';
import { testFolders } from '../support/agent-folder.js';

const folder = testFolders('http');
const open: { server: Server; end?: () => void }[] = [];
const clients: HttpClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const { server, end } of open.splice(0)) {
    end?.();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(server: Server, end?: () => void): Promise<number> {
  open.push({ server, ...(end ? { end } : {}) });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function serve(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  return `http://127.0.0.1:${await listen(server, () => server.closeAllConnections())}`;
}

function clientOf(options: ConstructorParameters<typeof HttpClient>[0]): HttpClient {
  const client = new HttpClient(options);
  clients.push(client);
  return client;
}

const echo: RequestListener = (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
    response.writeHead(200, { 'x-kind': 'echo' }).end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() }));
  });
};

interface Echoed {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

const get = async (client: HttpClient, path: string, timeoutMs = 5_000) => JSON.parse((await client.request('GET', path, { timeoutMs })).body.toString()) as Echoed;

it('sends JSON with its length, and gives back status, headers and bytes', async () => {
  const client = clientOf({ url: await serve(echo) });
  const answer = await client.request('POST', '/v1/x', { body: { text: 'ü💾' }, headers: { 'idempotency-key': 'k' }, timeoutMs: 5_000 });
  expect([answer.status, answer.headers['x-kind']]).toEqual([200, 'echo']);
  const echoed = JSON.parse(answer.body.toString()) as Echoed;
  expect(echoed).toMatchObject({ method: 'POST', url: '/v1/x', body: '{"text":"ü💾"}' });
  expect(echoed.headers).toMatchObject({ 'content-type': 'application/json', 'content-length': '17', 'idempotency-key': 'k' });
});

it.each([400, 404, 503])('takes %i for an answer, not for trouble', async (status) => {
  const client = clientOf({ url: await serve((_, response) => response.writeHead(status).end('why')) });
  expect(await client.request('GET', '/', { timeoutMs: 5_000 })).toMatchObject({ status, body: Buffer.from('why') });
});

it('follows no redirect: what it carries is for its server alone', async () => {
  let asked = 0;
  const other = await serve((_, response) => (asked++, response.end()));
  const client = clientOf({ url: await serve((_, response) => response.writeHead(307, { location: `${other}/v1/x` }).end()) });
  const answer = await client.request('POST', '/v1/x', { body: {}, headers: { authorization: 'Bearer secret' }, timeoutMs: 5_000 });
  expect([answer.status, answer.headers.location, asked]).toEqual([307, `${other}/v1/x`, 0]);
});

it('stays on its server and behind the path of its address, whatever the path looks like', async () => {
  const url = await serve(echo);
  const plain = clientOf({ url });
  const behind = clientOf({ url: `${url}/rollbook/` });
  for (const [path, sent] of [['/v1/nodes?limit=2&x=%2F', '/v1/nodes?limit=2&x=%2F'], ['//elsewhere.example/x', '//elsewhere.example/x'], ['/v1/nodes/a%2Fb', '/v1/nodes/a%2Fb']] as const) {
    expect((await get(plain, path)).url).toBe(sent);
    expect((await get(behind, path)).url).toBe(`/rollbook${sent}`);
  }
});

it.each(['http://rollbook.example', 'http://10.0.0.1:7420', 'http://127.0.0.1.example', 'http://localhost.example', 'http://0.0.0.0', 'http://[::2]'])('refuses %s, which is plain HTTP beyond this machine', (url) => {
  expect(() => new HttpClient({ url })).toThrow(UnsafeAddress);
  clientOf({ url, allowHttp: true });
  clientOf({ url: url.replace('http:', 'https:') });
});

it.each(['http://127.0.0.1:1', 'http://127.8.9.1', 'http://localhost:7420', 'http://[::1]:7420', 'http://2130706433'])('takes %s, which does not leave this machine', (url) => {
  clientOf({ url });
});

it('names an address without the password in it', () => {
  expect(() => new HttpClient({ url: 'http://rollbook:hunter2@rollbook.example/x' })).toThrow('http://rollbook.example is plain HTTP beyond this machine: use https://, or allow it with ROLLBOOK_ALLOW_HTTP=yes');
});

describe('over TLS', () => {
  /** A certificate for a name, signed by itself. */
  function certificate(name: string): { cert: string; key: Buffer } {
    const at = folder();
    const [cert, key] = [join(at, 'cert.pem'), join(at, 'key.pem')];
    const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', '-subj', '/CN=test', '-addext', `subjectAltName=${name}`, '-keyout', key, '-out', cert], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(made.stderr);
    return { cert, key: readFileSync(key) };
  }

  async function serveTls(name: string): Promise<{ url: string; cert: string }> {
    const { cert, key } = certificate(name);
    const server = createTlsServer({ cert: readFileSync(cert), key }, echo);
    return { url: `https://127.0.0.1:${await listen(server, () => server.closeAllConnections())}`, cert };
  }

  it('believes the authority that it was given, and no other', async () => {
    const { url, cert } = await serveTls('IP:127.0.0.1');
    expect((await get(clientOf({ url, caFile: cert }), '/v1/x')).url).toBe('/v1/x');
    const other = certificate('IP:127.0.0.1');
    await expect(get(clientOf({ url, caFile: other.cert }), '/')).rejects.toThrow(/self-signed certificate/);
    await expect(get(clientOf({ url }), '/')).rejects.toThrow(/self-signed certificate/);
  });

  it('does not believe a certificate of another name, nor plain HTTP on the port', async () => {
    const { url, cert } = await serveTls('IP:127.0.0.2');
    await expect(get(clientOf({ url, caFile: cert }), '/')).rejects.toThrow(/does not match/);
    const plain = (await serve(echo)).replace('http:', 'https:');
    await expect(get(clientOf({ url: plain, caFile: cert }), '/')).rejects.toThrow();
  });

  it('says which file of an authority cannot be read', () => {
    expect(() => new HttpClient({ url: 'https://h', caFile: '/nowhere/ca.pem' })).toThrow('/nowhere/ca.pem');
    const file = join(folder(), 'ca.pem');
    writeFileSync(file, 'no certificate');
    return expect(get(clientOf({ url: 'https://127.0.0.1:1', caFile: file }), '/')).rejects.toThrow();
  });
});

describe('a server that', () => {
  it('is not there is an error with its address', async () => {
    const server = createTcpServer();
    const port = await listen(server);
    await new Promise((resolve) => open.pop()!.server.close(resolve));
    await expect(get(clientOf({ url: `http://127.0.0.1:${port}` }), '/')).rejects.toThrow(`ECONNREFUSED 127.0.0.1:${port}`);
  });

  it('accepts and never answers is given up at the time-out', async () => {
    const client = clientOf({ url: await serve(() => undefined) });
    await expect(get(client, '/v1/x', 150)).rejects.toThrow('GET /v1/x had no answer for 150 ms');
  });

  it('falls silent in the middle of its answer is given up too', async () => {
    const client = clientOf({ url: await serve((_, response) => void response.writeHead(200, { 'content-length': '10' }).write('half')) });
    await expect(get(client, '/v1/x', 150)).rejects.toThrow('GET /v1/x had no answer for 150 ms');
  });

  it('breaks off in the middle of its answer is an error, also without a length', async () => {
    for (const head of [{ 'content-length': '10' }, {}]) {
      const client = clientOf({ url: await serve((_, response) => response.writeHead(200, head).write('half', () => response.destroy())) });
      await expect(get(client, '/')).rejects.toThrow(/aborted|socket hang up/);
    }
  });

  it('answers without an end is given up at 64 MiB', async () => {
    const chunk = Buffer.alloc(1024 * 1024);
    let sent = 0;
    const client = clientOf({
      url: await serve((_, response) => {
        const more = () => {
          while (!response.destroyed && sent < 80) if ((sent++, !response.write(chunk))) return void response.once('drain', more);
        };
        more();
      }),
    });
    await expect(client.request('GET', '/v1/x', { timeoutMs: 5_000 })).rejects.toThrow('GET /v1/x was answered with more than 67108864 bytes');
    expect(sent).toBeLessThan(80);
  });

  it('speaks no HTTP is an error', async () => {
    const server = createTcpServer((socket) => socket.on('error', () => undefined).resume().end('SSH-2.0-OpenSSH\r\n'));
    await expect(get(clientOf({ url: `http://127.0.0.1:${await listen(server)}` }), '/')).rejects.toThrow(/Parse Error/);
  });

  it('closes a connection that was kept is asked again on a new one', async () => {
    const server = createServer({ keepAliveTimeout: 20 }, echo);
    const client = clientOf({ url: `http://127.0.0.1:${await listen(server, () => server.closeAllConnections())}` });
    for (let i = 0; i < 5; i++) {
      expect((await get(client, `/${i}`)).url).toBe(`/${i}`);
      server.closeIdleConnections();
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
});

it('gives up at once when told to, before and during an answer', async () => {
  const client = clientOf({ url: await serve((request, response) => (request.url === '/half' ? response.write('half') : undefined)) });
  const stop = new AbortController();
  const waiting = [client.request('GET', '/silent', { timeoutMs: 60_000, signal: stop.signal }), client.request('GET', '/half', { timeoutMs: 60_000, signal: stop.signal })];
  const ends = Promise.allSettled(waiting);
  await client.open('GET', '/half', { timeoutMs: 5_000 });
  stop.abort();
  expect((await ends).map((one) => one.status)).toEqual(['rejected', 'rejected']);
  await expect(client.request('GET', '/', { timeoutMs: 5_000, signal: stop.signal })).rejects.toThrow(/abort/i);
});
