import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { foundCanary, foundHealth, groupsOf, noNode, rolloutDecider, streamOf } from '#domain';
import type { GateSample, NodeLook, NodeRecord, Rollout } from '#domain';
import { Book } from '../book/book.js';
import { decode } from '../book/decode.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Which sample of which gate; only the next one is taken. */
export interface SampleOf {
  rollout: string;
  wave: number;
  round: number;
  gate: number;
  sample: number;
}

/** Records what was found at a gate, and judges it. What stands in the ledger is read here; what does not is brought along. */
export class SampleGate extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly of: SampleOf,
    /** What was found outside; null for gates that look at nodes. */
    readonly found: GateSample | null,
  ) {
    super();
  }
}

/** Nodes whose looks are remembered between two samples. */
const rememberedMax = 2_000;

@CommandHandler(SampleGate)
export class SampleGateHandler implements ICommandHandler<SampleGate> {
  private readonly looks = new Map<string, { version: number; looks: NodeLook[] }>();

  constructor(private readonly book: Book) {}

  async execute({ meta, of, found }: SampleGate): Promise<Outcome> {
    const at = meta.at ?? this.book.clock.now();
    const whole = found ?? (await this.look(of, at));
    const asked = { type: 'record-gate-sample' as const, ...of, found: whole };
    return this.book.act({
      stream: streamOf.rollout(of.rollout), decider: rolloutDecider, meta: { ...meta, at }, asked, commands: () => [{ ...asked, at }], oneOperation: true,
    });
  }

  private async look({ rollout, wave, gate }: SampleOf, at: string): Promise<GateSample> {
    const { state } = await this.book.rollout(rollout);
    if (state.status === 'none' || !state.gates) return { gate: 'manual' };
    const { openedAt } = state.gates;
    const asked = state.header.strategy.gates[gate]!;
    if (asked.gate === 'canary') {
      const { canaries, control } = groupsOf(state, asked);
      return foundCanary(state, asked, await this.records([...canaries, ...control], state), { openedAt, at });
    }
    if (asked.gate !== 'health') return { gate: 'manual' };
    const nodes = [...state.members].filter((member) => member.wave === wave).map((member) => member.node);
    return foundHealth(state, await this.records(nodes, state), { wave, everySeconds: asked.everySeconds, openedAt, at });
  }

  /** What the nodes' own streams say; only what is new since the last sample is read. */
  private async records(nodes: readonly string[], rollout: Rollout): Promise<(node: string) => NodeRecord> {
    if (this.looks.size > rememberedMax) this.looks.clear();
    const wanted = nodes.map((node) => ({ stream: streamOf.node(node), afterVersion: this.looks.get(node)?.version ?? 0 }));
    for (const stored of await this.book.ledger.readStreams(wanted)) {
      const node = stored.stream.slice('node/'.length);
      const known = this.looks.get(node) ?? { version: 0, looks: [] };
      this.looks.set(node, known);
      known.version = stored.version;
      if (stored.type !== 'node.sampled') continue;
      const { event, envelope } = decode(stored);
      if (event.type !== 'node.sampled') continue;
      const { version, health, metrics } = event.data;
      // An agent's clock may run ahead; what it says of the future is of now.
      const { recordedAt } = envelope._ledger;
      known.looks.push({ at: envelope.occurredAt < recordedAt ? envelope.occurredAt : recordedAt, version, health, metrics });
    }
    const states = await this.book.nodes(nodes);
    const from = rollout.baseline?.begunAt ?? rollout.gates!.openedAt;
    return (node) => ({ state: states.get(node) ?? noNode, looks: (this.looks.get(node)?.looks ?? []).filter((look) => look.at >= from) });
  }
}
