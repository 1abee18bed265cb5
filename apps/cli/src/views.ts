/** What the API answers, as far as commands read it. */
export interface NodeView {
  node: string;
  product: string;
  site: string;
  version: string | null;
  health: string;
  state: string;
  since: string;
  rollout: string | null;
  reason: string | null;
  labels: { [name: string]: string };
}

export interface HistoryView {
  position: number;
  version: number;
  type: string;
  occurredAt: string;
  recordedAt: string;
  rollout: string | null;
  actor: string;
  eventId: string;
  causation: string | null;
  correlation: string;
  data: { [name: string]: unknown };
}

export interface ReviewView {
  node: string;
  rollout: string;
  order: string;
  phase: string;
  step: string;
  title: string;
  evidence: { sha256: string; bytes: number; truncated: boolean };
  state: string;
  askedAt: string;
  decideBy: string;
  decidedAt: string | null;
  decidedBy: string | null;
  reason: string | null;
}

export interface ReleaseView {
  version: string;
  released: string | null;
  scheduled: string | null;
  supportEnds: string | null;
  breaking: string[];
  notes: string[];
  artifacts: { name: string; file: string; sha256: string }[];
}

export interface ProductView {
  product: string;
  name: string;
  releases: ReleaseView[];
  paths: { from: string[]; to: string; migration: string; notes: string[]; upgrade: string[]; rollback: string[] }[];
  methods: { method: string; install: string[]; rollback: string[]; when: { [name: string]: string } }[];
  downgrades: { from: string[]; to: string; runbooks: string[]; reason: string | null }[];
  procedures: { procedure: string; title: string; runbooks: string[]; to: string | null }[];
  runbooks: { runbook: string; digest: string; content: { title: string; steps: { step: string; title: string; kind: string }[] } }[];
}

export interface RolloutView {
  rollout: string;
  product: string;
  to: string;
  state: string;
  reason: string | null;
  digest: string;
  selector: string;
  size: number;
  tally: { [state: string]: number };
  plannedAt: string;
  plannedBy: string;
  startBy: string;
  startedAt: string | null;
  endedAt: string | null;
  resumeBy: string | null;
}

export interface MemberView {
  node: string;
  ordinal: number;
  fromVersion: string;
  state: string;
  result: string | null;
  step: string | null;
  stepTitle: string | null;
  stepsDone: number;
  steps: number;
  reason: string | null;
  startedAt: string | null;
  endedAt: string | null;
}

export interface CommandAnswer {
  position: number;
  version: number;
  written: boolean;
  repeated: boolean;
}

interface PlannedStep {
  runbook: string;
  step: string;
  title: string;
  kind: string;
  changes: boolean;
  onFailure: string;
}

export interface Route {
  from: string;
  to: string;
  method: string | null;
  migration: string;
  legs: { from: string; to: string; migration: string; notes: string[] }[];
  upgrade: PlannedStep[];
  rollback: PlannedStep[];
}

export interface PlanAnswer extends CommandAnswer {
  rollout: string;
  digest: string;
  dryRun: boolean;
  alreadyThere: string[];
  plan: {
    product: string;
    to: string;
    startBy: string;
    strategy: { maxUnavailable: number; failureLimit: number };
    routes: Route[];
    targets: { node: string; route: number }[];
  } | null;
}

/** States in which a rollout has come to its end. */
export const endStates: readonly string[] = ['succeeded', 'partial', 'failed', 'aborted', 'expired', 'rolled-back', 'rollback-failed'];
