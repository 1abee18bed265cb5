import { refuse } from '../kernel/decision.js';
import type { Instant } from '../kernel/time.js';
import type { Finding } from '../policy/weigh.js';
import { marksAt } from './marks.js';
import type { ProductState } from './product.js';
import { supportOf } from './support.js';

interface Target {
  product: string;
  to: string;
  rollout: string | null;
  nodes: readonly string[];
  at: Instant;
}

/** What speaks against a version that a plan leads to: its support and its marks at the moment of the plan. */
export function targetFindings({ product, to: version, rollout, nodes, at }: Target, state: Extract<ProductState, { status: 'registered' }>): Finding[] {
  const release = state.releases.get(version);
  if (!release) return [];
  const about = { product, version, rollout, nodes };
  const findings: Finding[] = [];
  const support = supportOf(release, [...state.releases.values()], at.slice(0, 10));
  if (support === 'end-of-life') findings.push({ rule: 'targets.endOfLife', about, ...refuse('target-end-of-life', { product, version, ended: release.supportEnds }) });
  if (support === 'deprecated') findings.push({ rule: 'targets.deprecated', about, ...refuse('target-deprecated', { product, version, ended: release.activeSupportEnds }) });
  const marks = marksAt(state.marks, at);
  for (const { reason } of marks.filter((one) => one.mark === 'bad' && one.version === version)) {
    findings.push({ rule: 'targets.vetoed', about, ...refuse('target-vetoed', { product, version, reason }) });
  }
  const pins = marks.filter((one) => one.mark === 'pinned');
  if (pins.length > 0 && !pins.some((one) => one.version === version)) {
    const facts = { product, version, pinned: pins.map((one) => one.version), reason: pins[0]!.reason };
    findings.push({ rule: 'targets.vetoed', about, ...refuse('target-not-pinned', facts) });
  }
  return findings;
}
