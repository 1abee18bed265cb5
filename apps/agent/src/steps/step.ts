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
import { orderVariable } from './processes.js';

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
  const doing = { run: step.run!, expect: step.expect };
  if (step.measure !== undefined) return measureStep(wish, doing, step.measure, startedAt);
  return resultOf(wish, step.run!, await invoke(wish, doing), startedAt);
}

/** Runs a command several times, one after the other and within the step's one time limit; a run that fails ends it. */
async function measureStep(wish: StepWish, doing: Invocation, times: number, startedAt: string): Promise<StepResult> {
  const until = performance.now() + wish.step.timeoutMs;
  const runs: number[] = [];
  for (;;) {
    const begun = performance.now();
    const ran = await invoke(wish, doing, Math.max(1, until - begun));
    runs.push(performance.now() - begun);
    const result = resultOf(wish, doing.run, ran, startedAt);
    if (ran.reason !== null) return result;
    if (runs.length < times) continue;
    const facts = { ...result.facts, medianMs: rounded(median(runs)), runsMs: runs.map((run) => String(rounded(run))) };
    const said = Buffer.from(`--- ${times} runs took ${facts.runsMs.join(', ')} ms\n`);
    return { ...result, facts, evidence: Buffer.concat([result.evidence!, said]) };
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** To a tenth of a millisecond; finer is noise, and nothing takes no time at all. */
function rounded(ms: number): number {
  return Math.max(0.1, Math.round(ms * 10) / 10);
}

interface Ran {
  result: CommandResult;
  /** Why it is not what was expected; null when it is. */
  reason: string | null;
}

async function invoke({ node, order, step, signal, onChild }: StepWish, { run, expect }: Invocation, timeoutMs = step.timeoutMs): Promise<Ran> {
  const argv = run.map((text) => fill(text, order.parameters));
  const wanted = Object.entries(step.env ?? {}).map(([name, text]) => [name, fill(text, order.parameters)]);
  const env = { ...(Object.fromEntries(wanted) as { [name: string]: string }), [orderVariable]: order.order };
  const result = await runCommand({ argv, home: node.home, timeoutMs, env, signal, onChild });
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
  const result = await install({ mirror, product: node.product, home: node.home, to, mode, signal: limit, ...wanted });
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
