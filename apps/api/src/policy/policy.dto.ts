import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength, MinLength } from 'class-validator';
import { CommandAnswer } from '../requests/done.js';
import { IsInstant, IsName } from '../requests/names.js';

export class ExceptionBody {
  @ApiProperty({ example: 'targets.endOfLife', description: 'The rule that it is an exception from, as the policy names it.' }) @IsString() @MaxLength(100) rule: string;
  @ApiPropertyOptional({ example: 'orchat', description: 'At least one of product, version, node and rollout.' }) @IsOptional() @IsName() product?: string;
  @ApiPropertyOptional({ example: 'v0.4.0' }) @IsOptional() @IsString() @MinLength(1) @MaxLength(64) version?: string;
  @ApiPropertyOptional() @IsOptional() @IsName() node?: string;
  @ApiPropertyOptional() @IsOptional() @IsString() @MinLength(1) @MaxLength(63) rollout?: string;
  @ApiProperty({ example: 'the vendor still helps us' }) @IsString() @MinLength(1) @MaxLength(500) reason: string;
  @ApiProperty({ format: 'date-time', description: 'From then on it holds no longer.' }) @IsInstant() until: string;
}

export class WithdrawBody {
  @ApiProperty({ example: 'not needed any more' }) @IsString() @MinLength(1) @MaxLength(500) reason: string;
}

export class ExceptionAnswer extends CommandAnswer {
  @ApiProperty({ example: 'x-7k3fq2mz', description: 'Its id; plans that rest on it name it.' }) exception: string;
}

export class ExceptionView {
  @ApiProperty() id: string;
  @ApiProperty() rule: string;
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'What it is for; null means any.' }) scope: object;
  @ApiProperty() reason: string;
  @ApiProperty({ format: 'date-time' }) until: string;
  @ApiProperty({ description: 'Whether it holds now.' }) holds: boolean;
}

export class PolicyView {
  @ApiProperty({ description: 'SHA-256 of the policy in canonical JSON; plans name it.' }) digest: string;
  @ApiProperty({ description: 'False while the default holds because none was adopted.' }) adopted: boolean;
  @ApiProperty({ type: 'object', additionalProperties: true }) policy: object;
  @ApiProperty({ type: [ExceptionView] }) exceptions: ExceptionView[];
}
