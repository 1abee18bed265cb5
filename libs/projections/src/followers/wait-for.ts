import type { DataSource } from 'typeorm';
import { pause } from '#platform';

const pollMs = 15;

/**
 * Waits until the named projections have taken the event at a position; false when the limit passes first. This is what
 * lets a reader see what it has just written.
 */
export async function waitForPosition(source: DataSource, projections: readonly string[], position: number, limitMs: number): Promise<boolean> {
  const names = projections.map((name) => `projection:${name}`);
  for (let waited = 0; ; waited += pollMs) {
    const rows: { least: string | null }[] = await source.query(
      'select min(coalesce(f.position, 0))::text as least from unnest($1::text[]) n(name) left join roll.follower f using (name)',
      [names],
    );
    if (Number(rows[0]?.least ?? 0) >= position) return true;
    if (waited >= limitMs) return false;
    await pause(pollMs);
  }
}
