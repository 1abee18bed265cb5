export { accept, isRefused, never, nothing, refuse } from './kernel/decision.js';
export type { Decider, Decision } from './kernel/decision.js';
export { sameJson } from './kernel/json.js';
export { compareVersions, digestPattern, namePattern, versionPattern } from './kernel/names.js';
export { describeRefusal, refusals } from './kernel/refusals.js';
export type { Facts, Refusal, RefusalCode, RefusalKind } from './kernel/refusals.js';
export { isDue, later } from './kernel/time.js';
export { UnknownEvent, revisionOf, upcast } from './kernel/upcast.js';
export type { RevisionTable } from './kernel/upcast.js';
export { revisions } from './events.js';
export type { DomainEvent, EventType } from './events.js';
export { parseStream, streamOf } from './streams.js';
export type { StreamKind } from './streams.js';
export { planParameters } from './product/catalogue.js';
export { findWay } from './product/way.js';
export type { Catalogue } from './product/catalogue.js';
export { evolveProduct, noProduct } from './product/product.js';
export type {
  Artifact, Downgrade, Method, Migration, Procedure, ProductEvent, ProductState, PublishedRunbook, Release, Requirement, Runbook, RunbookStep, StepKind,
  UpgradePath,
} from './product/product.js';
export { productDecider } from './product/product.decide.js';
export type { ProductCommand } from './product/product.decide.js';
export { activityWord, evolveNode, noNode } from './node/node.js';
export type { FactValue, Health, KnownNode, NodeEvent, NodeState, ObservationSource, StepReport } from './node/node.js';
export { nodeDecider } from './node/node.decide.js';
export type { NodeCommand } from './node/node.decide.js';
export { isUnderWay, orderId, stepsOf } from './node/passage.js';
export type { Backup, Leg, Limits, Passage, PlannedStep, Result, Route, Waits } from './node/passage.js';
export { makePlan } from './rollout/plan.js';
export type { DigestOf, Plan, PlanRequest, Planned, Target } from './rollout/plan.js';
export { evolveRollout, noRollout, rolloutWord } from './rollout/rollout.js';
export type { EndState, Outcome, Rollout, RolloutEvent, RolloutState } from './rollout/rollout.js';
export { rolloutDecider } from './rollout/rollout.decide.js';
export type { RolloutCommand } from './rollout/rollout.decide.js';
export { defaultStrategy } from './rollout/strategy.js';
export type { RolloutStrategy } from './rollout/strategy.js';
export { siteDecider } from './site/site.js';
export type { ChannelKind, EnrolledAgent, SiteCommand, SiteEvent, SiteState } from './site/site.js';
