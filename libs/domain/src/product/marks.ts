import type { Instant } from '../kernel/time.js';

export const markNames = ['bad', 'pinned'] as const;

/** `bad`: nobody is to go there. `pinned`: while it holds, nobody is to go anywhere else. */
export type MarkName = (typeof markNames)[number];

export interface Mark {
  version: string;
  mark: MarkName;
  reason: string;
  from: Instant;
  /** From then on it holds no longer; null for a mark that holds until it is taken off. */
  until: Instant | null;
}

/** The marks that hold at a moment. */
export function marksAt(marks: readonly Mark[], at: Instant): Mark[] {
  return marks.filter(({ from, until }) => from <= at && (until === null || at < until));
}

/** A new mark ends the one of its kind that the version has. */
export function withMark(marks: readonly Mark[], mark: Mark): Mark[] {
  return [...endMark(marks, mark, mark.from), mark];
}

/** What had held before stays known; it ended then. */
export function endMark(marks: readonly Mark[], { version, mark }: Pick<Mark, 'version' | 'mark'>, at: Instant): Mark[] {
  const ends = (one: Mark) => one.version === version && one.mark === mark && (one.until === null || at < one.until);
  return marks.map((one) => (ends(one) ? { ...one, until: at } : one));
}
