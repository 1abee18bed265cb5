import { ledgerSchema, sqlChange } from '#ledger';
import type { SchemaChange } from '#ledger';

const rollSchema: SchemaChange[] = [
  sqlChange('rolls0001000001001', new URL('./0001-rolls.sql', import.meta.url)),
  sqlChange('followers0001000001002', new URL('./0002-followers.sql', import.meta.url)),
  sqlChange('readModels0001000001003', new URL('./0003-read-models.sql', import.meta.url)),
  sqlChange('nodePassages0001000001010', new URL('./0010-node-passages.sql', import.meta.url)),
];

/** Every schema change of a Rollbook database, in order: the ledger first, then the read models over it. */
export const allSchemaChanges: SchemaChange[] = [...ledgerSchema, ...rollSchema];
