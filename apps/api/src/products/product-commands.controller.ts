import { Body, Controller, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CommandBus } from '@nestjs/cqrs';
import type { Response } from 'express';
import { ImportLifecycle, MarkRelease, UnmarkRelease } from '#commands';
import type { Meta } from '#commands';
import { parseLifecycle } from '#messaging';
import { Problem } from '../problems/problem.js';
import { ApiCommand, ApiProblems } from '../requests/api-docs.js';
import { CommandMeta } from '../requests/command-meta.js';
import { CommandAnswer, answerOf } from '../requests/done.js';
import { ImportAnswer, ImportBody, MarkBody, UnmarkBody } from './products.dto.js';

@ApiTags('products')
@ApiProblems()
@Controller('v1/products')
export class ProductCommandsController {
  constructor(private readonly commands: CommandBus) {}

  @Post('imports')
  @HttpCode(200)
  @ApiCommand()
  @ApiOperation({ summary: 'Imports the life cycle of a product from a file of endoflife.date', description: 'What is new is recorded; the same file again records nothing.', operationId: 'importProduct' })
  @ApiOkResponse({ type: ImportAnswer })
  async import(@CommandMeta() meta: Meta, @Body() { file, text }: ImportBody, @Res({ passthrough: true }) response: Response): Promise<ImportAnswer> {
    const lifecycle = parseLifecycle(file, text);
    if ('problems' in lifecycle) {
      const errors = lifecycle.problems.map(({ line, field, says }) => ({ line, field, says }));
      const detail = errors.slice(0, 20).map(({ line, field, says }) => `${file}:${line} ${field === '' ? '' : `${field} `}${says}`).join('; ');
      throw new Problem('invalid', 'file-invalid', detail, 'Mend the named places and import it again.', { file, errors });
    }
    const answer = answerOf(await this.commands.execute(new ImportLifecycle(meta, lifecycle)), response);
    return { ...answer, product: lifecycle.product, releases: lifecycle.cycles.length };
  }

  @Post(':product/releases/:version/marks')
  @HttpCode(200)
  @ApiCommand()
  @ApiOperation({ summary: 'Marks a release as bad, or pins its product to it', operationId: 'markRelease' })
  @ApiOkResponse({ type: CommandAnswer })
  async mark(@CommandMeta() meta: Meta, @Param('product') product: string, @Param('version') version: string, @Body() body: MarkBody, @Res({ passthrough: true }) response: Response): Promise<CommandAnswer> {
    const { mark, reason, until = null } = body;
    return answerOf(await this.commands.execute(new MarkRelease(meta, { product, version, mark, reason, until })), response);
  }

  @Post(':product/releases/:version/unmark')
  @HttpCode(200)
  @ApiCommand()
  @ApiOperation({ summary: 'Takes a mark off a release', operationId: 'unmarkRelease' })
  @ApiOkResponse({ type: CommandAnswer })
  async unmark(@CommandMeta() meta: Meta, @Param('product') product: string, @Param('version') version: string, @Body() { mark, reason }: UnmarkBody, @Res({ passthrough: true }) response: Response): Promise<CommandAnswer> {
    return answerOf(await this.commands.execute(new UnmarkRelease(meta, { product, version, mark, reason })), response);
  }
}
