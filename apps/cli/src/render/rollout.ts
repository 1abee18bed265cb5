import type { MemberView, PlanAnswer, RolloutView, Route } from '../views.js';
import { paint, paintState } from './style.js';
import { fields, shortTime, table } from './table.js';

/** Nodes that a plan lists before it only counts them. */
const targetsShown = 20;

export function renderPlan({ rollout, digest, plan, dryRun, alreadyThere }: PlanAnswer): string {
  const title = dryRun ? `This is what would be planned (nothing is recorded)` : `Rollout ${paint('bold', rollout)} is planned`;
  if (plan === null) return `${title} since an earlier call, with the digest ${digest}.`;
  const order = plan.targets.slice(0, targetsShown).map(({ node }) => node).join(', ');
  const more = plan.targets.length > targetsShown ? ` and ${plan.targets.length - targetsShown} more` : '';
  const head = fields([
    ['digest', digest], ['product', `${plan.product} to ${plan.to}`], ['nodes', `${plan.targets.length}, in this order: ${order}${more}`],
    ...(alreadyThere.length > 0 ? [['left out', `${alreadyThere.join(', ')} (there already)`] as const] : []),
    ['at a time', String(plan.strategy.maxUnavailable)], ['failures', `stops after more than ${plan.strategy.failureLimit}`],
    ['start by', shortTime(plan.startBy)],
  ]);
  const routes = plan.routes.map((route) => {
    const steps = (list: typeof route.upgrade) => list.map((step) => `  ${step.changes ? paint('yellow', '*') : ' '} ${step.runbook}/${step.step}: ${step.title}`).join('\n');
    const method = route.method === null ? '' : `, by ${route.method}`;
    return `${paint('bold', `${route.from} to ${route.to}`)} (${route.migration} migration${method})\n${legs(route)}${steps(route.upgrade)}\n  and back, if it fails after a change:\n${steps(route.rollback)}`;
  });
  return [title, head, ...routes, paint('dim', '* changes the installation')].join('\n\n');
}

/** The releases that a route comes through, and what a person has to know or to do. */
function legs(route: Route): string {
  const lines = route.legs.flatMap(({ from, to, migration, notes }) => [
    ...(route.legs.length > 1 ? [`  ${from} to ${to} (${migration})`] : []), ...notes.map((note) => `  ${paint('magenta', '!')} ${note}`),
  ]);
  return lines.map((line) => `${line}\n`).join('');
}

export function renderStatus(status: RolloutView, members: MemberView[]): string {
  const head = fields([
    ['rollout', status.rollout], ['product', `${status.product} to ${status.to}`], ['state', paintState(status.state) + (status.reason === null ? '' : ` (${status.reason})`)],
    ['nodes', tallyText(status)], ['planned', `${shortTime(status.plannedAt)} by ${status.plannedBy}`], ['started', shortTime(status.startedAt)],
    ['ended', shortTime(status.endedAt)], ...(status.resumeBy === null ? [] : [['resume by', `${shortTime(status.resumeBy)}, or it is aborted`] as const]),
    ['plan', status.digest],
  ]);
  return `${head}\n\n${table(['#', 'NODE', 'FROM', 'STATE', 'RESULT', 'STEPS', 'LAST STEP', 'REASON'], members.map(memberRow))}`;
}

export function memberRow(member: MemberView): string[] {
  const steps = member.steps === 0 ? '-' : `${member.stepsDone}/${member.steps}`;
  return [String(member.ordinal), member.node, member.fromVersion, paintState(member.state), member.result === null ? '-' : paintState(member.result), steps, member.step ?? '-', member.reason ?? '-'];
}

/** How many nodes are in which state, the states without any left out. */
export function tallyText({ size, tally }: RolloutView): string {
  const parts = Object.entries(tally).filter(([, count]) => count > 0).map(([state, count]) => `${count} ${paintState(state)}`);
  return `${size}: ${parts.join(', ')}`;
}
