import { Query, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { DataSource } from 'typeorm';
import { standingOf } from '../engine/answers.js';
import type { Page } from '../engine/answers.js';
import { CertificationEntry } from './certification.entity.js';

/** What is on record for each version of a product; versions without evidence are not there. */
export class ListCertification extends Query<Page<CertificationEntry>> {
  constructor(
    readonly product: string,
    readonly version: string | null,
  ) {
    super();
  }
}

@QueryHandler(ListCertification)
export class ListCertificationHandler implements IQueryHandler<ListCertification> {
  constructor(private readonly source: DataSource) {}

  async execute({ product, version }: ListCertification): Promise<Page<CertificationEntry>> {
    const standing = await standingOf(this.source, 'certification');
    const where = version === null ? { product } : { product, version };
    const items = await this.source.getRepository(CertificationEntry).find({ where, order: { version: 'ASC' } });
    return { items, next: null, ...standing };
  }
}
