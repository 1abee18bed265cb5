import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asNumber } from '../engine/columns.js';

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
