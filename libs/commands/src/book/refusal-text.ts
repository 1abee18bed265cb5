import { describeRefusal } from '#domain';
import type { Refusal, RefusalKind } from '#domain';
import type { Refused } from './outcome.js';

/** What a refusal says to people, and its nature. `reused`: the id of a command was used for another. */
export function refusalText(refusal: Refused['refusal']): { kind: RefusalKind | 'reused'; says: string; next: string } {
  if (refusal.code === 'command-reused') {
    return { kind: 'reused', says: 'the id of this command was used for another one', next: 'Use a new one for a new command.' };
  }
  if (refusal.code === 'version-differs') {
    const { stream, version } = refusal.facts;
    return { kind: 'stale', says: `${String(stream)} is at version ${String(version)}`, next: 'Read it again and decide anew.' };
  }
  return describeRefusal(refusal as Refusal);
}
