import type { Run } from '../command.js';

export const run: Run = ({ release }) => ({
  ok: true,
  facts: { version: release.version },
  lines: [release.version],
});
