import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { describeWithBrowser, reboundHost } from '../support/browser.js';
import { TestService } from '../support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await TestService.open();
  await service.register(['node-1', 'node-2']);
});
afterAll(() => service.close());

/** A page, and everything that it asked for or complained of. */
interface Watched {
  page: Page;
  requests: string[];
  complaints: string[];
}

describeWithBrowser('the reference at /', (browser) => {
  let watched: Watched;

  beforeAll(async () => {
    const page = await browser().newPage({ viewport: { width: 1280, height: 900 } });
    watched = { page, requests: [], complaints: [] };
    page.on('request', (request) => watched.requests.push(request.url()));
    page.on('console', (line) => ['error', 'warning'].includes(line.type()) && watched.complaints.push(line.text()));
    page.on('pageerror', (error) => watched.complaints.push(error.message));
    await page.goto(`${service.url}/`);
    await page.waitForSelector('.opblock');
  }, 60_000);
  afterEach(() => expect(watched.complaints).toEqual([]));

  it('lists every operation of the description, under groups that are explained', async () => {
    const described = (await service.get('/openapi.json')).body as { paths: { [path: string]: object }; tags: { name: string; description: string }[] };
    const wanted = Object.entries(described.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
    // Zero-width spaces let long paths break.
    const texts = async (selector: string) => (await watched.page.locator(selector).allTextContents()).map((text) => text.replace(/\u200b/g, ''));
    const [methods, paths] = [await texts('.opblock-summary-method'), await texts('.opblock-summary-path')];
    expect(paths.map((path, i) => `${methods[i]} ${path}`).sort()).toEqual(wanted.sort());
    expect(await watched.page.title()).toBe('Rollbook API');
    expect(await texts('.opblock-tag')).toEqual(described.tags.map(({ name, description }) => `${name}${description}`));
    expect(await watched.page.isVisible('text=OAS 3.1')).toBe(true);
  });

  it('runs over at no side, also on a small screen', async () => {
    const overflow = () => watched.page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect(await overflow()).toBe(0);
    await watched.page.setViewportSize({ width: 480, height: 900 });
    expect(await overflow()).toBe(0);
    await watched.page.setViewportSize({ width: 1280, height: 900 });
  });

  const tryOut = async (operation: string): Promise<{ status: string; body: string }> => {
    const block = watched.page.locator(`#operations-${operation}`);
    await block.locator('.execute').click();
    const answer = block.locator('.live-responses-table');
    await answer.waitFor();
    return { status: (await answer.locator('tbody .response-col_status').first().innerText()).trim(), body: await answer.locator('.highlight-code').first().innerText() };
  };

  it('tries a read', async () => {
    await watched.page.click('#operations-nodes-listNodes .opblock-summary-control');
    const { status, body } = await tryOut('nodes-listNodes');
    expect(status).toMatch(/^200/);
    expect(body).toContain('"node": "node-2"');
  });

  it('tries a command: the page of this service is none of another site', async () => {
    await watched.page.click('#operations-nodes-registerNode .opblock-summary-control');
    await watched.page.fill('#operations-nodes-registerNode textarea', JSON.stringify({ node: 'node-3', site: 'local', product: 'orchat' }));
    const before = await service.size();
    const { status } = await tryOut('nodes-registerNode');
    expect(status).toMatch(/^201/);
    expect(await service.size()).toBe(before + 1);
  });

  it('tries the events, which end at the head unless asked otherwise', async () => {
    await watched.page.click('#operations-events-streamEvents .opblock-summary-control');
    expect((await tryOut('events-streamEvents')).status).toMatch(/^200/);
  });

  it('loads nothing from anywhere else', () => {
    expect(watched.requests.length).toBeGreaterThan(5);
    expect(watched.requests.filter((url) => !url.startsWith(`${service.url}/`) && !url.startsWith('data:') && !url.startsWith('blob:'))).toEqual([]);
  });
});

describeWithBrowser('a page of another site, in a browser on this machine', (browser) => {
  let server: Server;
  let site: string;
  beforeAll(async () => {
    server = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><title>elsewhere</title><form method="post"></form>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const command = JSON.stringify({ node: 'evil-1', site: 'local', product: 'orchat' });

  it.each([
    ['a fetch of JSON', { headers: { 'content-type': 'application/json' } }],
    ['a fetch that asks for no leave', { mode: 'no-cors' as const, headers: { 'content-type': 'text/plain' } }],
  ])('commands nothing by %s', async (_, how) => {
    const page = await browser().newPage();
    await page.goto(site);
    const before = await service.size();
    const seen = await page.evaluate(([url, init]) => fetch(`${url}/v1/nodes`, init).then((answer) => `${answer.type} ${answer.status}`, () => 'refused'), [service.url, { method: 'POST', body: command, ...how }] as const);
    expect(['refused', 'opaque 0']).toContain(seen);
    expect(await service.size()).toBe(before);
    await page.close();
  });

  it('commands nothing by a form', async () => {
    const page = await browser().newPage();
    await page.goto(site);
    const before = await service.size();
    const answered = page.waitForResponse((response) => response.url().includes('/resume'));
    await page.evaluate(`Object.assign(document.forms[0], { action: '${service.url}/v1/rollouts/r-1/resume' }).submit()`);
    expect((await answered).status()).toBe(401);
    expect(await service.size()).toBe(before);
    await page.close();
  });

  it('reads nothing under a name that was rebound to this machine', async () => {
    const page = await browser().newPage();
    const answer = await page.goto(`http://${reboundHost}:${new URL(service.url).port}/v1/nodes`);
    expect([answer?.status(), await answer?.json()]).toEqual([401, expect.objectContaining({ code: 'caller-not-local' })]);
    const seen = await page.evaluate(() => fetch('/v1/nodes', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }).then((response) => response.status));
    expect(seen).toBe(401);
    await page.close();
  });
});
