import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { describeNeeding } from './needs.js';

const places = [
  '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** For a browser that may run as root and goes nowhere by itself. */
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** Names that lead to this machine, as after a DNS rebinding. */
export const reboundHost = 'rebound.example';

/**
 * A `describe` with a real browser, of CHROMIUM_PATH or of the system. Where there is none the suite is listed as skipped
 * with the reason in its name, or fails when ROLLBOOK_REQUIRE_BROWSER=1 says that there must be one.
 */
export function describeWithBrowser(name: string, tests: (browser: () => Browser) => void): void {
  const given = process.env['CHROMIUM_PATH'];
  const program = given === undefined || given === '' ? places.find((place) => existsSync(place)) : given;
  const reason = program === undefined ? 'there is no Chromium; install it, or name it in CHROMIUM_PATH' : existsSync(program) ? undefined : `CHROMIUM_PATH=${program} is not there`;
  let browser: Browser | undefined;
  const before = async () => {
    browser = await chromium.launch({ executablePath: program!, args: [...flags, `--host-resolver-rules=MAP ${reboundHost} 127.0.0.1`] });
  };
  describeNeeding(name, { what: 'a browser', reason, variable: 'ROLLBOOK_REQUIRE_BROWSER', before, limitMs: 60_000 }, () => {
    afterAll(() => browser?.close(), 20_000);
    tests(() => browser!);
  });
}
