import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asNumber } from '../engine/columns.js';

@Entity({ schema: 'roll', name: 'fleet' })
export class FleetNode {
  @PrimaryColumn('text') node: string;
  @Column('text') product: string;
  @Column('text') site: string;
  @Column('text', { nullable: true }) version: string | null;
  @Column('text') health: string;
  @Column('text') state: string;
  @Column('text') since: string;
  @Column('text', { nullable: true }) rollout: string | null;
  @Column('text', { nullable: true }) reason: string | null;
  @Column('jsonb') labels: { [name: string]: string };
  @Column('integer', { name: 'stream_version' }) streamVersion: number;
  @Column('bigint', { transformer: asNumber }) position: number;
}
