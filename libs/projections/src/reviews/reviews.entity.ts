import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asNumber } from '../engine/columns.js';
import type { ReviewRow } from './reviews.projection.js';

@Entity({ schema: 'roll', name: 'review' })
export class ReviewEntry {
  @PrimaryColumn('text') node: string;
  @Column('text') product: string;
  @Column('text') rollout: string;
  @Column('text', { name: 'order_id' }) order: string;
  @Column('text') phase: string;
  @Column('text') runbook: string;
  @Column('text') step: string;
  @Column('text') title: string;
  @Column('jsonb') evidence: ReviewRow['evidence'];
  @Column('text') state: string;
  @Column('text', { name: 'asked_at' }) askedAt: string;
  @Column('text', { name: 'decide_by' }) decideBy: string;
  @Column('text', { name: 'decided_at', nullable: true }) decidedAt: string | null;
  @Column('text', { name: 'decided_by', nullable: true }) decidedBy: string | null;
  @Column('text', { nullable: true }) reason: string | null;
  @Column('bigint', { transformer: asNumber }) position: number;
}
