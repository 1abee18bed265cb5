import { fill } from '#messaging';
import type { Invocation, OrderBody, Step } from '#messaging';
import type { Clock } from '#platform';
import type { Child } from '../journal/memory.js';
import type { ServedNode } from '../nodes.js';
import { runCommand } from './command.js';
import type { CommandResult } from './command.js';
import { readFacts, unmet } from './facts.js';
import type { FactValue } from './facts.js';
import { install } from './install.js';

export interface StepResult {
  outcome: 'succeeded' | 'failed' | 'timed-out' | 'interrupted';
  reason: string | null;
  startedAt: string | null;
  finishedAt: string;
  exit: number | null;
  facts: { [name: string]: FactValue };
  /** What the step said, with a mark where something was left out. */
  evidence: Buffer | undefined;
  truncated: boolean;
  /** True when the step was done already. */
  found: boolean;
}

export interface StepWish {
  node: ServedNode;
  step: Step;
  order: OrderBody;
  /** A run of this order was broken off by a crash of the agent. */
  brokenOff: boolean;
  mirror: string;
  signal: AbortSignal;
  onChild: (child: Child) => void;
  clock: Clock;
}

/** Carries out one step by its rules: looks first where it says so, and never repeats what must not be repeated. */
export async function carryOut(wish: StepWish): Promise<StepResult> {
  const { step, brokenOff, clock } = wish;
  const startedAt = clock.now();
  if (brokenOff && step.repeat === 'never') {
    return { ...nothing(clock), outcome: 'interrupted', reason: 'broken-off', startedAt };
  }
  if (step.install) return installStep(wish, startedAt);
  if (step.done) {
    const looked = await invoke(wish, step.done);
    if (looked.reason === null) return { ...resultOf(wish, step.done.run, looked, startedAt), found: true };
    // Whoever could not look to the end does not know, and whoever is to end begins nothing.
    if (looked.result.trouble === 'timed-out' || looked.result.trouble === 'cancelled') return resultOf(wish, step.done.run, looked, startedAt);
  }
  const ran = await invoke(wish, { run: step.run!, expect: step.expect });
  return resultOf(wish, step.run!, ran, startedAt);
}

interface Ran {
  result: CommandResult;
  /** Why it is not what was expected; null when it is. */
  reason: string | null;
}

async function invoke({ node, order, step, signal, onChild }: StepWish, { run, expect }: Invocation): Promise<Ran> {
  const argv = run.map((text) => fill(text, order.parameters));
  const result = await runCommand({ argv, home: node.home, timeoutMs: step.timeoutMs, mark: order.order, signal, onChild });
  const reason = result.trouble ?? unmet(expect, result.exit, result.stdout.text()) ?? null;
  return { result, reason };
}

function resultOf({ step, order, clock }: StepWish, run: readonly string[], { result, reason }: Ran, startedAt: string): StepResult {
  const argv = run.map((text) => fill(text, order.parameters));
  const { stdout, stderr, exit, trouble } = result;
  return {
    outcome: outcomeOf(reason, trouble), reason, startedAt, finishedAt: clock.now(), exit, found: false,
    facts: readFacts(step.facts, stdout.text()),
    evidence: transcript(argv, exit, trouble, stdout.kept(), stderr.kept()), truncated: stdout.truncated || stderr.truncated,
  };
}

function outcomeOf(reason: string | null, trouble: CommandResult['trouble']): StepResult['outcome'] {
  if (reason === null) return 'succeeded';
  if (trouble === 'timed-out') return 'timed-out';
  return trouble === 'cancelled' ? 'interrupted' : 'failed';
}

function transcript(argv: readonly string[], exit: number | null, trouble: string | null, stdout: Buffer, stderr: Buffer): Buffer {
  const parts = [Buffer.from(`$ ${argv.map((one) => JSON.stringify(one)).join(' ')}\n`), stdout];
  if (stderr.length > 0) parts.push(Buffer.from('\n--- standard error\n'), stderr);
  parts.push(Buffer.from(`\n--- ${trouble ?? `exit ${exit}`}\n`));
  return Buffer.concat(parts);
}

async function installStep({ step, order, node, mirror, signal, clock }: StepWish, startedAt: string): Promise<StepResult> {
  const { artifact, sha256, to, mode } = step.install!;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(step.timeoutMs)]);
  const wanted = { artifact: fill(artifact, order.parameters), sha256: fill(sha256, order.parameters) };
  const result = await install({ mirror, product: node.product, home: node.home, to, mode, order: order.order, signal: limit, ...wanted });
  const finished = { startedAt, finishedAt: clock.now(), exit: null, truncated: false };
  if (result.ok) {
    const said = `${result.found ? 'found' : 'put'} ${wanted.artifact} (${result.bytes} bytes, SHA-256 ${wanted.sha256}) in place as ${to}\n`;
    return { ...finished, outcome: 'succeeded', reason: null, facts: { sha256: wanted.sha256, bytes: result.bytes }, evidence: Buffer.from(said), found: result.found };
  }
  const timedOut = limit.aborted && !signal.aborted;
  return {
    ...finished, outcome: timedOut ? 'timed-out' : signal.aborted ? 'interrupted' : 'failed', reason: timedOut ? 'timed-out' : result.reason, facts: {},
    evidence: Buffer.from(`${result.detail}\n`), found: false,
  };
}

function nothing(clock: Clock): Omit<StepResult, 'outcome' | 'reason' | 'startedAt'> {
  return { finishedAt: clock.now(), exit: null, facts: {}, evidence: undefined, truncated: false, found: false };
}
