import { paint, paintState } from '../render/style.js';
import { clip, columns, flow, pad } from '../render/table.js';
import type { MemberView } from '../views.js';

const nameMax = 32;
/** Fewer columns than this leave no room for a long bar. */
const wideFrom = 80;

/** Nodes on the terminal, a line each, redrawn in place. */
export function liveLines(members: readonly MemberView[]): string[] {
  const names = Math.min(nameMax, Math.max(0, ...members.map(({ node }) => node.length)));
  const bar = columns() < wideFrom ? 6 : 16;
  return members.map((member) => liveLine(member, names, bar));
}

function liveLine(member: MemberView, names: number, bar: number): string {
  const name = pad(paint('bold', clip(member.node, names)), names);
  if (member.state === 'waiting') return `${name}  ${paint('dim', 'waiting')}`;
  return `${name}  ${pad(paintState(member.state), 12)}  ${barOf(member, bar)} ${pad(`${member.stepsDone}/${member.steps}`, 5)}  ${what(member)}`;
}

/** A change of a node, for output that is not a terminal. */
export function changeLine(member: MemberView): string {
  return `${member.node}: ${member.state}, ${member.result ?? 'not begun'}, ${member.stepsDone}/${member.steps} ${what(member)}`.trimEnd();
}

/** At the end, in full what a line had no room for: why nodes did not come through. */
export function reasonLines(members: readonly MemberView[]): string[] {
  return members.filter((member) => member.reason !== null && member.state !== 'upgraded').map((member) => {
    const head = `${member.node} ${member.state}: `;
    return `${paint('bold', member.node)} ${paintState(member.state)}: ${flow(member.reason!, head.length)}`;
  });
}

function barOf({ stepsDone, steps }: MemberView, width: number): string {
  const done = steps === 0 ? 0 : Math.round((stepsDone / steps) * width);
  return paint('cyan', '━'.repeat(done)) + paint('dim', '─'.repeat(width - done));
}

function what({ state, stepTitle, reason, result }: MemberView): string {
  if (state === 'upgraded') return paint('green', 'measured');
  if (state === 'rolled-back' || state === 'failed' || state === 'astray' || state === 'skipped') {
    return `${reason ?? ''}${result === 'inconsistent' ? ` (${paintState('inconsistent')})` : ''}`;
  }
  if (state === 'in-review') return `${paint('magenta', 'waits for a person:')} ${stepTitle ?? ''}`;
  return stepTitle ?? '';
}
