import { Column, Entity, PrimaryColumn } from 'typeorm';
import { asNumber } from '../engine/columns.js';
import type { ProductRow } from './products.projection.js';

@Entity({ schema: 'roll', name: 'product' })
export class ProductEntry {
  @PrimaryColumn('text') product: string;
  @Column('text') name: string;
  @Column('jsonb') releases: ProductRow['releases'];
  @Column('jsonb') paths: ProductRow['paths'];
  @Column('jsonb') runbooks: ProductRow['runbooks'];
  @Column('jsonb') methods: ProductRow['methods'];
  @Column('jsonb') downgrades: ProductRow['downgrades'];
  @Column('jsonb') procedures: ProductRow['procedures'];
  @Column('integer', { name: 'stream_version' }) streamVersion: number;
  @Column('bigint', { transformer: asNumber }) position: number;
}
