import { defaultCanaryLimits } from '../canary/limits.js';
import type { CanaryLimits } from '../canary/limits.js';
import type { CanaryGate, CanaryMetric, Gate } from './gate.js';

/** A gate as people ask for it: what they do not say is filled in, so that the plan says all of it. */
export type GateWish = Partial<Omit<CanaryGate, 'gate' | 'limits' | 'metrics'>> & {
  gate: Gate['gate'];
  decideSeconds?: number;
  passes?: number;
  failures?: number;
  otherwise?: 'hold' | 'rollback';
  url?: string;
  query?: string;
  threshold?: string;
  metrics?: (Partial<CanaryMetric> & { metric: string })[];
  limits?: Partial<CanaryLimits>;
};

const hour = 3600;

export function completeGate(wish: GateWish): Gate {
  const asking = { after: wish.after ?? null, everySeconds: wish.everySeconds ?? 10, withinSeconds: wish.withinSeconds ?? 10 * 60 };
  const measuring = { ...asking, passes: wish.passes ?? 1, failures: wish.failures ?? 3, otherwise: wish.otherwise ?? ('hold' as const) };
  switch (wish.gate) {
    case 'health':
      return { gate: 'health', ...measuring };
    case 'manual':
      return { gate: 'manual', ...asking, everySeconds: 60, withinSeconds: wish.decideSeconds ?? wish.withinSeconds ?? 24 * hour };
    case 'prometheus':
      return { gate: 'prometheus', url: wish.url ?? '', query: wish.query ?? '', threshold: wish.threshold ?? '', ...measuring };
    case 'webhook':
      return { gate: 'webhook', url: wish.url ?? '', ...measuring };
    case 'canary':
      return canary(wish);
  }
}

function canary(wish: GateWish): CanaryGate {
  const soakSeconds = wish.soakSeconds ?? hour;
  const metrics = (wish.metrics ?? []).map(({ metric, worse, per, shadow }): CanaryMetric => ({ metric, worse: worse ?? 'higher', per: per ?? null, shadow: shadow ?? false }));
  const everySeconds = wish.everySeconds ?? Math.min(60, Math.max(1, Math.floor(soakSeconds / 12)));
  return {
    gate: 'canary', after: 1, everySeconds, soakSeconds, warmUpSeconds: wish.warmUpSeconds ?? 0,
    // Beyond the soak there is time for what could not be told to be found again.
    withinSeconds: wish.withinSeconds ?? soakSeconds + Math.max(60, Math.floor(soakSeconds / 4)),
    baselineSeconds: wish.baselineSeconds ?? (metrics.length > 0 ? soakSeconds : 0), looks: wish.looks ?? 3, control: wish.control ?? 60, metrics,
    limits: { ...defaultCanaryLimits, ...wish.limits },
  };
}
