import { readFileSync } from 'node:fs';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A schema change as TypeORM runs it: one SQL file, forward only, harmless when run twice. */
export type SchemaChange = new () => MigrationInterface;

/** The `name` ends in digits that give the order, as TypeORM asks. */
export function sqlChange(name: string, file: URL): SchemaChange {
  return class implements MigrationInterface {
    readonly name = name;

    async up(runner: QueryRunner): Promise<void> {
      await runner.query(readFileSync(file, 'utf8'));
    }

    down(): Promise<void> {
      return Promise.reject(new Error(`${name} cannot be taken back: schema changes only go forward`));
    }
  };
}

export const ledgerSchema: SchemaChange[] = [
  sqlChange('ledger0001000000001', new URL('./0001-ledger.sql', import.meta.url)),
  sqlChange('append0001000000002', new URL('./0002-append.sql', import.meta.url)),
  sqlChange('roles0001000000003', new URL('./0003-roles.sql', import.meta.url)),
];
