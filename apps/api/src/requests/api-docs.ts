import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiProperty, ApiResponse } from '@nestjs/swagger';

/** An error as RFC 9457 has it. */
export class ProblemView {
  @ApiProperty({ example: 'urn:rollbook:problem:node-unknown' }) type: string;
  @ApiProperty() title: string;
  @ApiProperty({ example: 404 }) status: number;
  @ApiProperty({ example: 'there is no node node-9' }) detail: string;
  @ApiProperty({ example: 'node-unknown', description: 'Stable: scripts may rely on it.' }) code: string;
  @ApiProperty({ description: 'What to do next.' }) next: string;
  @ApiProperty() instance: string;
}

const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemView' } } };

/** Every route may answer with a problem. */
export function ApiProblems() {
  return applyDecorators(ApiResponse({ status: 'default', description: 'A problem; `code` says which', content }));
}

/** What every command takes. */
export function ApiCommand() {
  return applyDecorators(
    ApiHeader({ name: 'Idempotency-Key', required: false, description: 'Repeating a command under its key has no further effect and gets the first answer. Use a new UUID for each new command.' }),
    ApiHeader({ name: 'If-Match', required: false, description: 'ETag of the last read; the command is refused with 412 when it has changed meanwhile.' }),
    ApiHeader({ name: 'Rollbook-Correlation', required: false, description: 'UUID of a larger operation that this command belongs to.' }),
  );
}
