import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { QueryBus } from '@nestjs/cqrs';
import type { Response } from 'express';
import { GetProduct, ListCertification, ListProducts } from '#projections';
import { orProblem } from '../problems/problem.js';
import { ApiProblems } from '../requests/api-docs.js';
import { cursorOf, readCursor } from '../requests/cursor.js';
import { PageQuery } from '../requests/page.dto.js';
import { Reads, markAnswer } from '../requests/reads.js';
import { CertificationPage, ProductSummary, ProductView, ProductsPage } from './products.dto.js';

@ApiTags('products')
@ApiProblems()
@Controller('v1/products')
export class ProductsController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @Reads('products')
  @ApiOperation({ summary: 'Products of the catalogue', operationId: 'listProducts' })
  @ApiOkResponse({ type: ProductsPage })
  async list(@Query() { limit = 100, cursor }: PageQuery, @Res({ passthrough: true }) response: Response): Promise<ProductsPage> {
    const page = await this.queries.execute(new ListProducts({ limit, after: readCursor(cursor, { list: 'products' }) }));
    markAnswer(response, page);
    return { ...page, items: page.items.map(summary), next: cursorOf(page.next, { list: 'products' }) };
  }

  @Get(':product')
  @Reads('products')
  @ApiOperation({ summary: 'A product: its releases, the ways between them, its runbooks', operationId: 'getProduct' })
  @ApiOkResponse({ type: ProductView })
  async get(@Param('product') product: string, @Res({ passthrough: true }) response: Response): Promise<ProductView> {
    const answer = orProblem(await this.queries.execute(new GetProduct(product)));
    markAnswer(response, answer, answer.item.streamVersion);
    const { streamVersion: _version, position: _position, ...view } = answer.item;
    return { ...view, methods: [...view.methods], downgrades: [...view.downgrades], procedures: [...view.procedures] };
  }

  @Get(':product/certification')
  @Reads('certification')
  @ApiOperation({ summary: 'What the ledger holds as evidence for upgrades to each version', operationId: 'listCertification' })
  @ApiOkResponse({ type: CertificationPage })
  async certification(@Param('product') product: string, @Res({ passthrough: true }) response: Response): Promise<CertificationPage> {
    orProblem(await this.queries.execute(new GetProduct(product)));
    const page = await this.queries.execute(new ListCertification(product, null));
    markAnswer(response, page);
    return { ...page, items: page.items.map(({ position: _position, ...entry }) => entry) };
  }
}

function summary({ product, name, releases }: Pick<ProductView, 'product' | 'name' | 'releases'>): ProductSummary {
  const latest = releases.find((release) => release.scheduled === null);
  return { product, name, releases: releases.length, latest: latest?.version ?? null };
}
