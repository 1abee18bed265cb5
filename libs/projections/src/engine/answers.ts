import type { DataSource, ObjectLiteral, SelectQueryBuilder } from 'typeorm';

/** Part of a list, as far as the ledger was projected when it was read. */
export interface Page<T> {
  items: T[];
  /** Where the next part begins; null at the end. */
  next: string | null;
  /** Position up to which the read model had come. */
  position: number;
  /** When events of this read model are set aside: the first of them. The answer may lack what came since. */
  incompleteSince: number | null;
}

export interface Answer<T> {
  item: T;
  position: number;
  incompleteSince: number | null;
}

/** What an answer is about, as far as it matters for what it may lack: keys, and the nodes of a rollout. */
export interface About {
  keys: readonly string[];
  membersOf?: string;
}

/** How far a projection has come, and since when it lacks something (of what is asked about, or of anything). */
export async function standingOf(source: DataSource, projection: string, about?: About): Promise<{ position: number; incompleteSince: number | null }> {
  const rows: { position: string; since: string | null }[] = await source.query(
    `select coalesce((select position from roll.follower where name = $1), 0)::text as position,
       (select min(p.position) from roll.parked p where p.projection = $2 and ($3::text[] is null or p.key = any ($3)
          or exists (select from roll.rollout_node m where m.rollout = $4 and p.key = 'node/' || m.node)))::text as since`,
    [`projection:${projection}`, projection, about?.keys ?? null, about?.membersOf ?? null],
  );
  const { position, since } = rows[0]!;
  return { position: Number(position), incompleteSince: since === null ? null : Number(since) };
}

/** Reads one more than asked for, to know whether there is more without counting. */
export async function pageOf<T extends ObjectLiteral>(query: SelectQueryBuilder<T>, limit: number, keyOf: (item: T) => string): Promise<{ items: T[]; next: string | null }> {
  const found = await query.take(limit + 1).getMany();
  const items = found.slice(0, limit);
  return { items, next: found.length > limit ? keyOf(items.at(-1)!) : null };
}
