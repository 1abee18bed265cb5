import { ledgerSchema, sqlChange } from '#ledger';
import type { SchemaChange } from '#ledger';

const rollSchema: SchemaChange[] = [sqlChange('rolls0001000001001', new URL('./0001-rolls.sql', import.meta.url))];

/** Every schema change of a Rollbook database, in order: the ledger first, then the read models over it. */
export const allSchemaChanges: SchemaChange[] = [...ledgerSchema, ...rollSchema];
