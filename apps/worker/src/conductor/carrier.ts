import type { CommandBus } from '@nestjs/cqrs';
import { AdvancePassage, AdvanceRollout, ExpireReview, ExpireStep, ExpireWait, SettleNode, StartRollback, StartUpgrade, StopUpgrade } from '#commands';
import type { Book, Meta, Outcome } from '#commands';
import type { Timer } from '#projections';
import { idFrom } from '#platform';
import type { Reaction } from './react.js';

export interface Task {
  reaction: Reaction;
  /** Event id of the fact that asks. */
  cause: string;
  correlation: string;
}

/** Different nodes at once; what concerns one node, and one rollout, goes in the order of the facts. */
const nodesAtOnce = 100;

const actor = { kind: 'service', ref: 'conductor' } as const;

/** Sends the commands that reactions ask for. A refusal is an answer, not trouble; trouble is thrown and tried again. */
export class Carrier {
  constructor(
    private readonly bus: CommandBus,
    private readonly book: Book,
  ) {}

  async carryOut(tasks: readonly Task[]): Promise<void> {
    const nodes = new Map<string, Task[]>();
    const rollouts = new Map<string, Task>();
    for (const task of tasks) {
      const { reaction } = task;
      if (reaction.do === 'advance-rollout') rollouts.set(reaction.rollout, task);
      else if (reaction.do === 'stop-upgrades') {
        for (const node of await this.underWay(reaction.rollout)) push(nodes, node, task);
      } else push(nodes, reaction.node, task);
    }
    const queues = [...nodes];
    const worker = async () => {
      for (let next = queues.shift(); next; next = queues.shift()) for (const task of next[1]) await this.forNode(next[0], task);
    };
    await Promise.all(Array.from({ length: Math.min(nodesAtOnce, queues.length) }, worker));
    // After the nodes: what settled just now is then part of what a rollout decides on.
    for (const [rollout, task] of rollouts) {
      await this.bus.execute(new AdvanceRollout(this.meta(task, 'advance-rollout', rollout), rollout));
    }
  }

  async expire({ subject, name, dueAt }: Timer): Promise<void> {
    const { cause, correlation } = subject;
    const meta: Meta = { command: commandIdFor(cause, `expire ${name} ${dueAt}`, subject.kind), actor, correlation, causation: cause };
    if (subject.kind === 'step') await this.bus.execute(new ExpireStep(meta, subject.node, subject.order, subject.wait));
    else if (subject.kind === 'review') await this.bus.execute(new ExpireReview(meta, subject.node, subject.order));
    else await this.bus.execute(new ExpireWait(meta, subject.rollout, subject.wait));
  }

  private async forNode(node: string, task: Task): Promise<void> {
    const { reaction } = task;
    switch (reaction.do) {
      case 'advance-passage':
        await this.bus.execute(new AdvancePassage(this.meta(task, 'advance-passage', node), node));
        return;
      case 'stop-upgrades':
        await this.bus.execute(new StopUpgrade(this.meta(task, 'stop-upgrade', node), node, reaction.rollout, reaction.reason));
        return;
      case 'start-upgrade':
        return this.startUpgrade(task, reaction);
      case 'start-rollback':
        return this.startRollback(task, reaction);
      case 'settle':
        await this.settle(task, reaction);
        return;
      case 'advance-rollout':
        return;
    }
  }

  /** A node that cannot begin is settled at once, so that the rollout does not wait for it. */
  private async startUpgrade(task: Task, { rollout, node }: { rollout: string; node: string }): Promise<void> {
    const outcome: Outcome = await this.bus.execute(new StartUpgrade(this.meta(task, 'start-upgrade', node), node, rollout));
    if (outcome.ok) return;
    await this.settle(task, { rollout, node, outcome: 'skipped', result: null, reason: outcome.refusal.code });
  }

  private async startRollback(task: Task, { rollout, node, reason }: { rollout: string; node: string; reason: string }): Promise<void> {
    const outcome: Outcome = await this.bus.execute(new StartRollback(this.meta(task, 'start-rollback', node), node, rollout, reason));
    if (!outcome.ok) return this.settle(task, { rollout, node, outcome: 'astray', result: null, reason: outcome.refusal.code });
    const { state } = await this.book.node(node);
    const underWay = state.status === 'registered' && state.activity.kind === 'passage';
    // Nothing to take back: the node had gone back by itself.
    if (!underWay && outcome.events.length === 0 && !outcome.repeated) {
      await this.settle(task, { rollout, node, outcome: 'rolled-back', result: null, reason: null });
    }
  }

  private async settle(task: Task, part: Omit<Extract<Reaction, { do: 'settle' }>, 'do' | 'outcome'> & { outcome: SettleNode['outcome'] }): Promise<void> {
    const { rollout, node, outcome, result, reason } = part;
    await this.bus.execute(new SettleNode(this.meta(task, 'settle', node), rollout, node, outcome, result, reason));
  }

  private async underWay(rollout: string): Promise<string[]> {
    const { state } = await this.book.rollout(rollout);
    if (state.status === 'none') return [];
    return [...state.members].filter((member) => member.place === 'under-way').map((member) => member.node);
  }

  private meta(task: Task, what: string, of: string): Meta {
    return { command: commandIdFor(task.cause, what, of), actor, correlation: task.correlation, causation: task.cause };
  }
}

function push(queues: Map<string, Task[]>, node: string, task: Task): void {
  queues.set(node, [...(queues.get(node) ?? []), task]);
}

/** The id of the command that a fact asks for. */
function commandIdFor(cause: string, what: string, of: string): string {
  return idFrom('conductor', cause, what, of);
}
