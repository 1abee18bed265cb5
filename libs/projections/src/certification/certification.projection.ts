import type { DomainEvent } from '#domain';
import type { Projection } from '../engine/projection.js';

export const certificationTable = { name: 'certification', key: ['product', 'version'] } as const;

export type CertificationRow = {
  product: string;
  version: string;
  /** Upgrades to this version that ended, however they did. */
  cases: number;
  verified: number;
  failed: number;
  inconsistent: number;
  /** Migrations of settings that were carried out. */
  migrations: number;
  /** Checks that asked for a person's care. */
  manual: number;
  /** Backups that were read back and had their digest. */
  backups: number;
  rollbacks: number;
  /** Rollbacks whose restored files have the backup's digest and whose version and health were measured. */
  rollbacks_proven: number;
  from_versions: string[];
  first_at: string | null;
  last_at: string | null;
  position: number;
};

/** What the ledger holds as evidence for upgrades to each version. */
export const certification: Projection = {
  name: 'certification',
  tables: [certificationTable],
  keyOf: ({ event }) => keyOf(event)?.join(' '),
  reads: ({ event }) => [{ table: certificationTable, key: keyOf(event)! }],
  apply({ event, envelope, position }, rows) {
    const [product, version] = keyOf(event)!;
    const before = rows.get<CertificationRow>(certificationTable, product, version) ?? empty(product, version);
    const after = count(before, event);
    rows.put(certificationTable, { ...after, first_at: before.first_at ?? envelope.occurredAt, last_at: envelope.occurredAt, position });
  },
};

type Evidence = Extract<
  DomainEvent,
  { type: 'upgrade.verified' | 'upgrade.failed' | 'migration.checked' | 'migration.applied' | 'backup.verified' | 'rollback.verified' | 'rollback.failed' }
>;

const evidenceTypes: readonly string[] = [
  'upgrade.verified', 'upgrade.failed', 'migration.checked', 'migration.applied', 'backup.verified', 'rollback.verified', 'rollback.failed',
] satisfies Evidence['type'][];

function keyOf(event: DomainEvent): [product: string, version: string] | undefined {
  if (!evidenceTypes.includes(event.type)) return undefined;
  const { type, data } = event as Evidence;
  // A rollback is evidence for the version that it comes back from.
  const back = type === 'rollback.verified' || type === 'rollback.failed';
  return [data.product, back ? data.from : data.to];
}

function empty(product: string, version: string): CertificationRow {
  return {
    product, version, cases: 0, verified: 0, failed: 0, inconsistent: 0, migrations: 0, manual: 0, backups: 0, rollbacks: 0,
    rollbacks_proven: 0, from_versions: [], first_at: null, last_at: null, position: 0,
  };
}

function count(row: CertificationRow, event: DomainEvent): CertificationRow {
  switch (event.type) {
    case 'upgrade.verified':
      return { ...row, cases: row.cases + 1, verified: row.verified + 1, from_versions: withVersion(row, event.data.from) };
    case 'upgrade.failed': {
      const inconsistent = row.inconsistent + (event.data.result === 'inconsistent' ? 1 : 0);
      return { ...row, cases: row.cases + 1, failed: row.failed + 1, inconsistent, from_versions: withVersion(row, event.data.from) };
    }
    case 'migration.checked':
      return { ...row, manual: row.manual + (event.data.manual.length > 0 ? 1 : 0) };
    case 'migration.applied':
      return { ...row, migrations: row.migrations + 1 };
    case 'backup.verified':
      return { ...row, backups: row.backups + 1 };
    case 'rollback.verified':
      return { ...row, rollbacks: row.rollbacks + 1, rollbacks_proven: row.rollbacks_proven + (event.data.restored === null ? 0 : 1) };
    case 'rollback.failed':
      return { ...row, rollbacks: row.rollbacks + 1 };
    default:
      return row;
  }
}

function withVersion(row: CertificationRow, version: string): string[] {
  return [...new Set([...row.from_versions, version])].sort();
}
