import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { QueryBus } from '@nestjs/cqrs';
import type { Response } from 'express';
import type { Clock } from '#platform';
import { GetProduct, ListCertification, ListProducts, matrixCsv, matrixOf } from '#projections';
import type { Matrix, ProductEntry } from '#projections';
import { orProblem } from '../problems/problem.js';
import { ApiProblems } from '../requests/api-docs.js';
import { cursorOf, readCursor } from '../requests/cursor.js';
import { PageQuery } from '../requests/page.dto.js';
import { Reads, markAnswer } from '../requests/reads.js';
import { clockToken } from '../tokens.js';
import { CertificationPage, ExportQuery, MatrixQuery, MatrixView, ProductSummary, ProductView, ProductsPage } from './products.dto.js';

@ApiTags('products')
@ApiProblems()
@Controller('v1/products')
export class ProductsController {
  constructor(
    private readonly queries: QueryBus,
    @Inject(clockToken) private readonly clock: Clock,
  ) {}

  @Get()
  @Reads('products')
  @ApiOperation({ summary: 'Products of the catalogue, and those whose life cycle is known', operationId: 'listProducts' })
  @ApiOkResponse({ type: ProductsPage })
  async list(@Query() { limit = 100, cursor }: PageQuery, @Res({ passthrough: true }) response: Response): Promise<ProductsPage> {
    const page = await this.queries.execute(new ListProducts({ limit, after: readCursor(cursor, { list: 'products' }) }));
    markAnswer(response, page);
    return { ...page, items: page.items.map((one) => summary(one, this.matrix(one))), next: cursorOf(page.next, { list: 'products' }) };
  }

  @Get(':product')
  @Reads('products')
  @ApiOperation({ summary: 'A product: its releases as they stand on a day, the ways between them, its runbooks', operationId: 'getProduct' })
  @ApiOkResponse({ type: ProductView })
  async get(@Param('product') product: string, @Query() { asOf }: MatrixQuery, @Res({ passthrough: true }) response: Response): Promise<ProductView> {
    const item = await this.read(product, response);
    const { product: id, name, managed, paths, requires, runbooks, methods, downgrades, procedures } = item;
    return {
      product: id, name, managed, ...this.matrix(item, asOf), paths, requires, runbooks, methods: [...methods], downgrades: [...downgrades], procedures: [...procedures],
    };
  }

  @Get(':product/matrix')
  @Reads('products')
  @ApiOperation({ summary: 'The releases of a product as they stand on a day, as JSON or CSV', operationId: 'exportMatrix' })
  @ApiProduces('application/json', 'text/csv')
  @ApiOkResponse({ type: MatrixView })
  async matrixAs(@Param('product') product: string, @Query() { asOf, format = 'json' }: ExportQuery, @Res() response: Response): Promise<void> {
    const item = await this.read(product, response);
    const { cycles: _cycles, ...matrix } = this.matrix(item, asOf);
    if (format === 'json') response.json({ product, name: item.name, managed: item.managed, ...matrix } satisfies MatrixView);
    else response.type('text/csv; charset=utf-8').send(matrixCsv(product, { ...matrix, cycles: [] }));
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

  private async read(product: string, response: Response): Promise<ProductEntry> {
    const answer = orProblem(await this.queries.execute(new GetProduct(product)));
    markAnswer(response, answer, `${answer.item.streamVersion}-${answer.item.position}`);
    return answer.item;
  }

  /** On a day that is not today, marks are told as they held at its end. */
  private matrix(item: ProductEntry, asOf?: string): Matrix {
    const now = this.clock.now();
    const today = now.slice(0, 10);
    return matrixOf(item, asOf ?? today, asOf === undefined || asOf === today ? now : `${asOf}T23:59:59.999Z`);
  }
}

function summary({ product, name, managed }: ProductEntry, { releases }: Matrix): ProductSummary {
  const latest = releases.find(({ support }) => support !== 'scheduled');
  return { product, name, managed, releases: releases.length, latest: latest?.version ?? null };
}
