import { rmSync } from 'node:fs';

export default async function teardown() {
  const { dir, server } = globalThis.rollbookTests ?? {};
  await server?.stop();
  if (dir) rmSync(dir, { recursive: true, force: true });
}
