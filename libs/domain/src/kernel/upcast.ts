import type { Json } from './json.js';

type Data = { [key: string]: Json };

/** For each type of event, the steps from revision 1 to 2, from 2 to 3, and so on; its revision is one more than they are. */
export type RevisionTable = { readonly [type: string]: readonly ((data: Data) => Data)[] };

/** Raised for an event that this program does not know: it must wait for a newer one, never be skipped. */
export class UnknownEvent extends Error {
  constructor(type: string, revision: number) {
    super(`this program does not know revision ${revision} of ${type}; run a newer one`);
    this.name = 'UnknownEvent';
  }
}

export function revisionOf(table: RevisionTable, type: string): number {
  const steps = Object.hasOwn(table, type) ? table[type] : undefined;
  if (!steps) throw new UnknownEvent(type, 1);
  return steps.length + 1;
}

/** Brings the data of an older revision to the present shape; stored bytes never change. */
export function upcast(table: RevisionTable, type: string, revision: number, data: Data): Data {
  const latest = revisionOf(table, type);
  if (!Number.isInteger(revision) || revision < 1 || revision > latest) throw new UnknownEvent(type, revision);
  return table[type]!.slice(revision - 1).reduce((before, step) => step(before), data);
}
