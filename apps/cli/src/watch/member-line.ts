import { paint, paintState } from '../render/style.js';
import { pad } from '../render/table.js';
import type { MemberView } from '../views.js';

const barWidth = 16;

/** A node on the terminal, redrawn in place. */
export function liveLine(member: MemberView): string {
  const name = pad(paint('bold', member.node), 18);
  const state = pad(paintState(member.state), 13);
  if (member.state === 'waiting') return `${name} ${paint('dim', 'waiting')}`;
  return `${name} ${state} ${bar(member)} ${pad(`${member.stepsDone}/${member.steps}`, 6)} ${what(member)}`;
}

/** A change of a node, for output that is not a terminal. */
export function changeLine(member: MemberView): string {
  return `${member.node}: ${member.state}, ${member.result ?? 'not begun'}, ${member.stepsDone}/${member.steps} ${what(member)}`.trimEnd();
}

function bar({ stepsDone, steps }: MemberView): string {
  const done = steps === 0 ? 0 : Math.round((stepsDone / steps) * barWidth);
  return paint('cyan', '━'.repeat(done)) + paint('dim', '─'.repeat(barWidth - done));
}

function what({ state, stepTitle, reason, result }: MemberView): string {
  if (state === 'upgraded') return paint('green', 'measured');
  if (state === 'rolled-back' || state === 'failed' || state === 'astray' || state === 'skipped') {
    return `${reason ?? ''}${result === 'inconsistent' ? ` (${paintState('inconsistent')})` : ''}`;
  }
  if (state === 'in-review') return `${paint('magenta', 'waits for a person:')} ${stepTitle ?? ''}`;
  return stepTitle ?? '';
}
