import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { CommandAnswer } from '../requests/done.js';
import { IsName } from '../requests/names.js';
import { PageMarks, PageQuery } from '../requests/page.dto.js';

export const reviewStates = ['pending', 'accepted', 'rejected', 'expired', 'withdrawn'] as const;

export class ReviewsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: reviewStates, description: 'Without it, reviews of every state.' }) @IsOptional() @IsIn(reviewStates) state?: string;
}

export class DecideBody {
  @ApiProperty({ description: 'Whether the passage goes on. A rejected one ends, and the node goes back if it was changed.' }) @IsBoolean() accept: boolean;
  @ApiPropertyOptional({ type: String, nullable: true, example: 'the telemetry key is lost', description: 'Asked for when it is rejected.' })
  @IsOptional() @IsString() @MinLength(1) @MaxLength(500) reason?: string | null;
}

export class ProcedureBody {
  @ApiProperty({ example: 'reinstall', description: 'A procedure of the catalogue, or `downgrade`.' }) @IsName() procedure: string;
  @ApiPropertyOptional({ type: String, nullable: true, example: 'v0.6.2', description: 'The version to end at; without it, that of the procedure, or the one that the node runs.' })
  @IsOptional() @IsString() @MaxLength(64) @Matches(/^[\x21-\x7e]+$/) to?: string | null;
}

export class ProcedureAnswer extends CommandAnswer {
  @ApiProperty({ example: 'p-7k3fq2mz', description: 'Names the procedure in events and in the history of the node.' }) id: string;
}

export class ShownEvidence {
  @ApiProperty({ description: 'Read it at `/v1/evidence/` with this digest.' }) sha256: string;
  @ApiProperty() bytes: number;
  @ApiProperty({ description: 'True when the agent kept less than there was.' }) truncated: boolean;
}

export class ReviewView {
  @ApiProperty() node: string;
  @ApiProperty() product: string;
  @ApiProperty({ description: 'The rollout or the procedure that waits.' }) rollout: string;
  @ApiProperty({ description: 'The order whose output is to be looked at.' }) order: string;
  @ApiProperty({ enum: ['upgrade', 'rollback', 'procedure'] }) phase: string;
  @ApiProperty() runbook: string;
  @ApiProperty() step: string;
  @ApiProperty() title: string;
  @ApiProperty({ type: ShownEvidence }) evidence: ShownEvidence;
  @ApiProperty({ enum: reviewStates }) state: string;
  @ApiProperty({ format: 'date-time' }) askedAt: string;
  @ApiProperty({ format: 'date-time', description: 'Then it counts as rejected.' }) decideBy: string;
  @ApiProperty({ type: String, nullable: true }) decidedAt: string | null;
  @ApiProperty({ type: String, nullable: true }) decidedBy: string | null;
  @ApiProperty({ type: String, nullable: true }) reason: string | null;
}

export class ReviewsPage extends PageMarks {
  @ApiProperty({ type: [ReviewView] }) items: ReviewView[];
}
