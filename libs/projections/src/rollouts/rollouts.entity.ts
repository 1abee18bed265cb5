import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asNumber } from '../engine/columns.js';
import type { WaveRow } from './waves.js';

@Entity({ schema: 'roll', name: 'rollout' })
export class RolloutEntry {
  @PrimaryColumn('text') rollout: string;
  @Column('text') product: string;
  @Column('text') target: string;
  @Column('text') state: string;
  @Column('text', { nullable: true }) reason: string | null;
  @Column('text') digest: string;
  @Column('text') selector: string;
  @Column('jsonb') strategy: { [name: string]: unknown };
  @Column('integer') generation: number;
  @Column('jsonb') waves: WaveRow[];
  @Column('integer') nodes: number;
  @Column('jsonb') tally: { [state: string]: number };
  @Column('text', { name: 'planned_at' }) plannedAt: string;
  @Column('text', { name: 'planned_by' }) plannedBy: string;
  @Column('text', { name: 'start_by' }) startBy: string;
  @Column('text', { name: 'policy_digest' }) policyDigest: string;
  @Column('jsonb') warnings: { code: string; says: string }[];
  @Column('jsonb') exceptions: string[];
  @Column('text', { name: 'started_at', nullable: true }) startedAt: string | null;
  @Column('text', { name: 'ended_at', nullable: true }) endedAt: string | null;
  @Column('text', { name: 'resume_by', nullable: true }) resumeBy: string | null;
  @Column('integer', { name: 'stream_version' }) streamVersion: number;
  @Column('bigint', { transformer: asNumber }) position: number;
}

@Entity({ schema: 'roll', name: 'rollout_node' })
export class RolloutMember {
  @PrimaryColumn('text') rollout: string;
  @PrimaryColumn('text') node: string;
  @Column('integer') ordinal: number;
  @Column('integer') wave: number;
  @Column('text', { name: 'from_version' }) fromVersion: string;
  @Column('text') state: string;
  @Column('text', { nullable: true }) result: string | null;
  @Column('text', { nullable: true }) step: string | null;
  @Column('text', { name: 'step_title', nullable: true }) stepTitle: string | null;
  @Column('integer', { name: 'steps_done' }) stepsDone: number;
  @Column('integer') steps: number;
  @Column('text', { nullable: true }) reason: string | null;
  @Column('text', { name: 'started_at', nullable: true }) startedAt: string | null;
  @Column('text', { name: 'ended_at', nullable: true }) endedAt: string | null;
  @Column('bigint', { transformer: asNumber }) position: number;
}

@Entity({ schema: 'roll', name: 'rollout_gate' })
export class RolloutGate {
  @PrimaryColumn('text') rollout: string;
  @PrimaryColumn('integer') round: number;
  @PrimaryColumn('integer') gate: number;
  @Column('integer') wave: number;
  @Column('text') kind: string;
  @Column('text') state: string;
  @Column('text', { nullable: true }) verdict: string | null;
  @Column('text', { nullable: true }) reason: string | null;
  @Column('text', { nullable: true }) says: string | null;
  @Column('integer') samples: number;
  @Column('text', { name: 'opened_at' }) openedAt: string;
  @Column('text', { name: 'due_by' }) dueBy: string;
  @Column('text', { name: 'hold_by', nullable: true }) holdBy: string | null;
  @Column('text', { name: 'judged_at', nullable: true }) judgedAt: string | null;
  @Column('text', { name: 'decided_by', nullable: true }) decidedBy: string | null;
  @Column('jsonb') method: { [name: string]: unknown };
  @Column('jsonb') found: unknown[];
  @Column('bigint', { transformer: asNumber }) position: number;
}
