import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsInt, IsObject, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { IsName } from '../requests/names.js';

export class EnrolBody {
  @ApiProperty({ example: 'agent-1' }) @IsName() agent: string;
  @ApiProperty({ description: 'Ed25519 public key, PEM.' }) @IsString() @MaxLength(1_000) publicKey: string;
  @ApiProperty({ enum: ['kafka', 'pull'] }) @IsIn(['kafka', 'pull']) channel: 'kafka' | 'pull';
}

export class EnrolAnswer {
  @ApiProperty({ description: 'What the service signs orders with, PEM.' }) servicePublicKey: string;
  @ApiProperty() position: number;
}

export class OrdersQuery {
  @ApiPropertyOptional({ default: 0, description: '`cursor` of the last answer whose orders are safe.' }) @IsOptional() @Type(() => Number) @IsInt() @Min(0) @Max(Number.MAX_SAFE_INTEGER) after?: number;
  @ApiPropertyOptional({ default: 0, description: 'Seconds to wait for an order.' }) @IsOptional() @Type(() => Number) @IsInt() @Min(0) @Max(60) wait?: number;
}

export class OrdersAnswer {
  @ApiProperty({ type: 'array', items: { type: 'object', additionalProperties: true }, description: 'DSSE envelopes, signed by the service.' }) orders: unknown[];
  @ApiProperty() cursor: number;
}

export class ReportsBody {
  @ApiProperty({ type: 'array', items: { type: 'object', additionalProperties: true }, description: 'DSSE envelopes, signed by the agent, with their evidence.' })
  @IsArray()
  @ArrayMaxSize(200)
  @IsObject({ each: true })
  reports: object[];
}

export class ReportsAnswer {
  @ApiProperty({ type: 'array', items: { type: 'object', additionalProperties: true }, description: 'Which reports need not be sent again.' }) receipts: object[];
}
