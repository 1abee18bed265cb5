import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { install } from '../../apps/agent/src/steps/install.js';
import type { InstallWish } from '../../apps/agent/src/steps/install.js';
import { testFolders } from '../support/agent-folder.js';
import { until } from '../support/until.js';

const folder = testFolders('install');
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

const release = Buffer.alloc(300_000, 'the new release');
const digestOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const never = new AbortController().signal;

/** A home with an old binary in it, and a mirror in a folder that holds the new one. */
function place() {
  const home = folder();
  const mirror = folder();
  mkdirSync(join(home, '.local/bin'), { recursive: true });
  mkdirSync(join(mirror, 'thing/v2'), { recursive: true });
  writeFileSync(join(home, '.local/bin/thing'), 'old', { mode: 0o755 });
  writeFileSync(join(mirror, 'thing/v2/thing'), release);
  const wish: InstallWish = { mirror, product: 'thing', artifact: 'v2/thing', sha256: digestOf(release), home, to: '.local/bin/thing', mode: '750', order: 'r-1.n-1.1', signal: never };
  const target = join(home, '.local/bin/thing');
  return { home, mirror, wish, target, names: () => readdirSync(join(home, '.local/bin')), text: () => readFileSync(target, 'utf8') };
}

async function serve(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const inPlace = { ok: true, bytes: 300_000, found: false };

it.each(['a folder', 'an address', 'an address behind another'])('puts an artifact from %s in place, whole and executable', async (source) => {
  const { wish, mirror, target, names, text } = place();
  const own = await serve((request, response) => response.end(request.url === '/thing/v2/thing' ? release : 'else'));
  const other = await serve((request, response) => response.writeHead(302, { location: `${own}${request.url}` }).end());
  const from = { 'a folder': mirror, 'an address': `${own}/`, 'an address behind another': other }[source]!;
  expect(await install({ ...wish, mirror: from })).toEqual(inPlace);
  expect([text() === release.toString(), statSync(target).mode & 0o777, names()]).toEqual([true, 0o750, ['thing']]);
});

it('finds what is in place already, asks for nothing, and mends its mode', async () => {
  const { wish, target } = place();
  writeFileSync(target, release);
  chmodSync(target, 0o600);
  expect(await install({ ...wish, mirror: 'http://127.0.0.1:1' })).toEqual({ ...inPlace, found: true });
  expect(statSync(target).mode & 0o777).toBe(0o750);
});

it('makes the folders that the target needs', async () => {
  const { wish, home } = place();
  expect(await install({ ...wish, to: 'opt/thing/bin/thing' })).toEqual(inPlace);
  expect(readFileSync(join(home, 'opt/thing/bin/thing')).equals(release)).toBe(true);
});

it.each<[string, RegExp, (p: ReturnType<typeof place>) => Partial<InstallWish> | Promise<Partial<InstallWish>>]>([
  ['has another digest', /^v2\/thing has the digest [0-9a-f]{64}, ordered was a{64}$/, () => ({ sha256: 'a'.repeat(64) })],
  ['is not in the folder', /ENOENT/, () => ({ artifact: 'v3/thing' })],
  ['is a folder', /EISDIR/, () => ({ artifact: 'v2' })],
  ['is not at the address', /\/thing\/v2\/thing was answered with 404$/, async () => ({ mirror: await serve((_, response) => response.writeHead(404).end('no')) })],
  ['is answered with an error page of the right length', /has the digest/, async () => ({ mirror: await serve((_, response) => response.end(Buffer.alloc(300_000))) })],
  ['is empty', /has the digest/, async () => ({ mirror: await serve((_, response) => response.end()) })],
  ['is behind a server that does not listen', /fetch failed/, () => ({ mirror: 'http://127.0.0.1:1' })],
  ['is behind a server that dies half way', /terminated|aborted/, async () => ({
    mirror: await serve((_, response) => response.writeHead(200, { 'content-length': 300_000 }).write(release.subarray(0, 100_000), () => response.destroy())),
  })],
  ['is behind a server that leads in a circle', /fetch failed/, async () => ({ mirror: await serve((request, response) => response.writeHead(302, { location: request.url! }).end()) })],
])('leaves the old one as it was when the artifact %s', async (_, says, change) => {
  const at = place();
  const result = await install({ ...at.wish, ...(await change(at)) });
  expect(result).toMatchObject({ ok: false, reason: says.source.includes('digest') ? 'artifact-differs' : 'install-failed', detail: expect.stringMatching(says) as string });
  expect([at.text(), at.names()]).toEqual(['old', ['thing']]);
});

it('gives up a server that is silent when its time is over, and leaves no part behind', async () => {
  const { wish, names, text } = place();
  const stop = new AbortController();
  const mirror = await serve((_, response) => void response.writeHead(200, { 'content-length': 300_000 }).write(release.subarray(0, 100_000)));
  const installing = install({ ...wish, mirror, signal: stop.signal });
  await until(() => names().length === 2, 10_000);
  stop.abort();
  expect(await installing).toMatchObject({ ok: false, reason: 'install-failed', detail: expect.stringContaining('aborted') as string });
  expect([text(), names()]).toEqual(['old', ['thing']]);
});

describe('a target that is no plain file', () => {
  it('as a link is replaced itself; what it led to stays', async () => {
    const { wish, home, target } = place();
    const other = join(home, 'other');
    writeFileSync(other, 'of somebody else');
    rmSync(target);
    symlinkSync(other, target);
    expect(await install(wish)).toEqual(inPlace);
    expect([lstatSync(target).isFile(), readFileSync(other, 'utf8')]).toEqual([true, 'of somebody else']);
  });

  it('as a link to nothing is replaced too', async () => {
    const { wish, target } = place();
    rmSync(target);
    symlinkSync('/nowhere/thing', target);
    expect(await install(wish)).toEqual(inPlace);
    expect(readFileSync(target).equals(release)).toBe(true);
  });

  it.each(['empty', 'full'])('as a folder, %s, is refused and stays', async (kind) => {
    const { wish, target, names } = place();
    rmSync(target);
    mkdirSync(target);
    if (kind === 'full') writeFileSync(join(target, 'x'), '');
    expect(await install(wish)).toMatchObject({ ok: false, reason: 'install-failed', detail: expect.stringContaining('EISDIR') as string });
    expect([statSync(target).isDirectory(), names()]).toEqual([true, ['thing']]);
  });

  it('behind something that is no folder is refused', async () => {
    const { wish, home } = place();
    writeFileSync(join(home, 'file'), 'x');
    expect(await install({ ...wish, to: 'file/thing' })).toMatchObject({ ok: false, reason: 'install-failed' });
    expect(readFileSync(join(home, 'file'), 'utf8')).toBe('x');
  });
});

describe('what was left behind', () => {
  it('by the same order is taken away, also a link that was put in its way', async () => {
    const { wish, home, names } = place();
    const part = join(home, `.local/bin/thing.${digestOf(Buffer.from(wish.order)).slice(0, 12)}.next`);
    writeFileSync(join(home, 'other'), 'of somebody else');
    symlinkSync(join(home, 'other'), part);
    expect(await install(wish)).toEqual(inPlace);
    expect([names(), readFileSync(join(home, 'other'), 'utf8')]).toEqual([['thing'], 'of somebody else']);
  });

  it('long ago is cleared, and what is younger or has another name stays', async () => {
    const { wish, home, names } = place();
    const at = (name: string) => join(home, '.local/bin', name);
    const long = new Date(Date.now() - 3 * 24 * 3_600_000);
    for (const name of ['thing.aaaaaaaaaaaa.next', 'thing.bbbbbbbbbbbb.next', 'thing.next', 'other.cccccccccccc.next']) {
      writeFileSync(at(name), 'part');
      if (!name.includes('bbb')) utimesSync(at(name), long, long);
    }
    expect(await install(wish)).toEqual(inPlace);
    expect(names().sort()).toEqual(['other.cccccccccccc.next', 'thing', 'thing.bbbbbbbbbbbb.next', 'thing.next']);
  });
});

it('says so when the place cannot be written', async () => {
  const { wish, target, names, text } = place();
  // A name that is too long for every file system, also for a user who may write everywhere.
  expect(await install({ ...wish, to: `.local/bin/${'x'.repeat(250)}` })).toMatchObject({ ok: false, reason: 'install-failed', detail: expect.stringContaining('ENAMETOOLONG') as string });
  expect([existsSync(target), names(), text()]).toEqual([true, ['thing'], 'old']);
});
