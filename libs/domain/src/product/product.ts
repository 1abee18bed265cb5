import { never } from '../kernel/decision.js';
import type { Instant } from '../kernel/time.js';

export interface Artifact {
  name: string;
  /** Where it lies under a release mirror. */
  file: string;
  sha256: string;
}

/** A published or scheduled release. Dates are days (YYYY-MM-DD) or null where the product says nothing. */
export interface Release {
  version: string;
  released: string | null;
  scheduled: string | null;
  supportEnds: string | null;
  breaking: string[];
  notes: string[];
  artifacts: Artifact[];
}

/** Whether people may run it: nothing says that it is still to come, or the day that it was scheduled for has come. */
export function isPublished({ released, scheduled }: Release, at: Instant): boolean {
  return released !== null || scheduled === null || scheduled <= at.slice(0, 10);
}

export type Migration = 'automatic' | 'partial' | 'manual' | 'fresh-install';

/** How nodes of some versions come to another, by runbooks in order, and how they come back. */
export interface UpgradePath {
  from: string[];
  to: string;
  migration: Migration;
  /** What a person has to know or to do, in words. */
  notes: string[];
  /** Runbooks; `@install` and `@rollback` stand for those of the method that a plan chooses. */
  upgrade: string[];
  rollback: string[];
}

/** A way to put releases in place, for nodes whose labels and facts are as `when` says. */
export interface Method {
  method: string;
  install: string[];
  rollback: string[];
  when: { [name: string]: string };
}

/** The way back to an older release by runbooks, or the reason why there is none. */
export interface Downgrade {
  from: string[];
  to: string;
  runbooks: string[];
  reason: string | null;
}

/** Something that is done to one node outside a rollout. */
export interface Procedure {
  procedure: string;
  title: string;
  runbooks: string[];
  /** The release that the node runs afterwards; null: as asked for, else the one that it runs. */
  to: string | null;
}

/** Nodes of these versions come to another only through one in between. */
export interface Requirement {
  from: string[];
  to: string;
  via: string;
  reason: string;
}

export type StepKind =
  | 'system' | 'health' | 'backup' | 'backup-check' | 'migration-check' | 'install' | 'migration' | 'config' | 'version'
  | 'feature' | 'restore' | 'command' | 'baseline' | 'validation' | 'review' | 'archive' | 'remove';

export type RepeatRule = 'safe' | 'check' | 'never';
export type FailureRule = 'stop' | 'rollback';

/** What the rules know of a runbook's step; how it is carried out is the agent's business. */
export interface RunbookStep {
  step: string;
  title: string;
  kind: StepKind;
  timeoutMs: number;
  attempts: number;
  repeat: RepeatRule;
  onFailure: FailureRule;
  changes: boolean;
  /** Of an install: the digest that is to be in place, spelt out or as a parameter. */
  install?: { sha256: string } | null;
  /** Of a review: how long a person has for it. */
  decideMs?: number;
}

export interface Runbook {
  runbook: string;
  title: string;
  /** Names of declared parameters. */
  parameters: Record<string, { type: string }>;
  steps: RunbookStep[];
}

export interface PublishedRunbook {
  runbook: string;
  digest: string;
  content: Runbook;
}

export type ProductEvent =
  | { type: 'product.registered'; data: { product: string; name: string; versionCommand: string[]; healthCommand: string[] | null } }
  | { type: 'product.release-published'; data: Release }
  | { type: 'product.release-amended'; data: Release }
  | { type: 'product.path-published'; data: UpgradePath }
  | { type: 'product.path-withdrawn'; data: { from: string[]; to: string } }
  | { type: 'product.methods-published'; data: { product: string; methods: Method[] } }
  | { type: 'product.downgrades-published'; data: { product: string; downgrades: Downgrade[] } }
  | { type: 'product.procedures-published'; data: { product: string; procedures: Procedure[] } }
  | { type: 'product.runbook-published'; data: PublishedRunbook };

export type ProductState =
  | { status: 'none' }
  | {
      status: 'registered';
      product: string;
      name: string;
      versionCommand: string[];
      healthCommand: string[] | null;
      releases: ReadonlyMap<string, Release>;
      paths: readonly UpgradePath[];
      methods: readonly Method[];
      downgrades: readonly Downgrade[];
      procedures: readonly Procedure[];
      requires?: readonly Requirement[];
      /** By name; the latest digest of each. */
      runbooks: ReadonlyMap<string, PublishedRunbook>;
    };

export const noProduct: ProductState = { status: 'none' };

export function evolveProduct(state: ProductState, event: ProductEvent): ProductState {
  if (event.type === 'product.registered') {
    const before = state.status === 'registered' ? state : { releases: new Map(), paths: [], methods: [], downgrades: [], procedures: [], runbooks: new Map() };
    return { ...before, status: 'registered', ...event.data };
  }
  if (state.status === 'none') throw new Error(`${event.type} before the product was registered`);
  switch (event.type) {
    case 'product.release-published':
    case 'product.release-amended':
      return { ...state, releases: new Map(state.releases).set(event.data.version, event.data) };
    case 'product.path-published':
      return { ...state, paths: [...state.paths.filter((path) => !samePath(path, event.data)), event.data] };
    case 'product.path-withdrawn':
      return { ...state, paths: state.paths.filter((path) => !samePath(path, event.data)) };
    case 'product.methods-published':
      return { ...state, methods: event.data.methods };
    case 'product.downgrades-published':
      return { ...state, downgrades: event.data.downgrades };
    case 'product.procedures-published':
      return { ...state, procedures: event.data.procedures };
    case 'product.runbook-published':
      return { ...state, runbooks: new Map(state.runbooks).set(event.data.runbook, event.data) };
    default:
      return never(event);
  }
}

export function samePath(a: { from: string[]; to: string }, b: { from: string[]; to: string }): boolean {
  return a.to === b.to && a.from.join() === b.from.join();
}
