import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asNumber } from '../engine/columns.js';

@Entity({ schema: 'roll', name: 'history' })
export class HistoryEntry {
  @PrimaryColumn('bigint', { transformer: asNumber }) position: number;
  @Column('text') node: string;
  @Column('integer') version: number;
  @Column('text') type: string;
  @Column('text', { name: 'occurred_at' }) occurredAt: string;
  @Column('text', { name: 'recorded_at' }) recordedAt: string;
  @Column('text', { nullable: true }) rollout: string | null;
  @Column('text') actor: string;
  @Column('text', { name: 'event_id' }) eventId: string;
  @Column('text', { nullable: true }) causation: string | null;
  @Column('text') correlation: string;
  @Column('jsonb') data: { [name: string]: unknown };
}
