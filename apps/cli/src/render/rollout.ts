import type { MemberView, PlanAnswer, RolloutView } from '../views.js';
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
    ['start by', shortTime(plan.startBy)], ['policy', plan.policyDigest],
    ...plan.warnings.map(({ says }) => ['warning', paint('yellow', says)] as const),
    ...(plan.exceptions.length > 0 ? [['rests on', `${plan.exceptions.join(', ')} (exceptions from the policy)`] as const] : []),
  ]);
  const routes = plan.routes.map((route) => {
    const steps = (list: typeof route.upgrade) => list.map((step) => `  ${step.changes ? paint('yellow', '*') : ' '} ${step.runbook}/${step.step}: ${step.title}`).join('\n');
    return `${paint('bold', `${route.from} to ${route.to}`)} (${route.migration} migration)\n${steps(route.upgrade)}\n  and back, if it fails after a change:\n${steps(route.rollback)}`;
  });
  return [title, head, ...routes, paint('dim', '* changes the installation')].join('\n\n');
}

export function renderStatus(status: RolloutView, members: MemberView[]): string {
  const head = fields([
    ['rollout', status.rollout], ['product', `${status.product} to ${status.to}`], ['state', paintState(status.state) + (status.reason === null ? '' : ` (${status.reason})`)],
    ['nodes', tallyText(status)], ['planned', `${shortTime(status.plannedAt)} by ${status.plannedBy}`], ['started', shortTime(status.startedAt)],
    ['ended', shortTime(status.endedAt)], ...(status.resumeBy === null ? [] : [['resume by', `${shortTime(status.resumeBy)}, or it is aborted`] as const]),
    ['plan', status.digest], ...status.warnings.map(({ says }) => ['warning', paint('yellow', says)] as const),
    ...(status.exceptions.length > 0 ? [['rests on', `${status.exceptions.join(', ')} (exceptions from the policy)`] as const] : []),
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
