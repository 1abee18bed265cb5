import { Query, QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { DataSource } from 'typeorm';
import { compareVersions, refuse } from '#domain';
import type { Refusal } from '#domain';
import { pageOf, standingOf } from '../engine/answers.js';
import type { Answer, Page } from '../engine/answers.js';
import { ProductEntry } from './products.entity.js';

export class ListProducts extends Query<Page<ProductEntry>> {
  constructor(readonly options: { after: string | null; limit: number }) {
    super();
  }
}

@QueryHandler(ListProducts)
export class ListProductsHandler implements IQueryHandler<ListProducts> {
  constructor(private readonly source: DataSource) {}

  async execute({ options: { after, limit } }: ListProducts): Promise<Page<ProductEntry>> {
    const standing = await standingOf(this.source, 'products');
    const query = this.source.getRepository(ProductEntry).createQueryBuilder('p').orderBy('p.product');
    if (after !== null) query.andWhere('p.product > :after', { after });
    const page = await pageOf(query, limit, (one) => one.product);
    return { ...page, items: page.items.map(newestFirst), ...standing };
  }
}

export class GetProduct extends Query<Answer<ProductEntry> | { refusal: Refusal }> {
  constructor(readonly product: string) {
    super();
  }
}

@QueryHandler(GetProduct)
export class GetProductHandler implements IQueryHandler<GetProduct> {
  constructor(private readonly source: DataSource) {}

  async execute({ product }: GetProduct): Promise<Answer<ProductEntry> | { refusal: Refusal }> {
    const standing = await standingOf(this.source, 'products', { keys: [`product/${product}`] });
    const item = await this.source.getRepository(ProductEntry).findOneBy({ product });
    return item ? { item: newestFirst(item), ...standing } : refuse('product-unknown', { product });
  }
}

function newestFirst(item: ProductEntry): ProductEntry {
  return { ...item, releases: [...item.releases].sort((a, b) => compareVersions(b.version, a.version)) };
}
