import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asNumber } from '../engine/columns.js';

@Entity({ schema: 'roll', name: 'certification' })
export class CertificationEntry {
  @PrimaryColumn('text') product: string;
  @PrimaryColumn('text') version: string;
  @Column('integer') cases: number;
  @Column('integer') verified: number;
  @Column('integer') failed: number;
  @Column('integer') inconsistent: number;
  @Column('integer') migrations: number;
  @Column('integer') manual: number;
  @Column('integer') backups: number;
  @Column('integer') rollbacks: number;
  @Column('integer', { name: 'rollbacks_proven' }) rollbacksProven: number;
  @Column('jsonb', { name: 'from_versions' }) fromVersions: string[];
  @Column('text', { name: 'first_at', nullable: true }) firstAt: string | null;
  @Column('text', { name: 'last_at', nullable: true }) lastAt: string | null;
  @Column('bigint', { transformer: asNumber }) position: number;
}
