import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsObject, IsOptional, IsString, Max, MaxLength, Min, MinLength, ValidateNested } from 'class-validator';
import { CommandAnswer } from '../requests/done.js';
import { IsDigest, IsName } from '../requests/names.js';
import { PageMarks, PageQuery } from '../requests/page.dto.js';

export const rolloutStates = [
  'planned', 'running', 'paused', 'stopping', 'rolling-back', 'succeeded', 'partial', 'failed', 'aborted', 'expired', 'rolled-back', 'rollback-failed',
] as const;
export const memberStates = ['waiting', 'upgrading', 'in-review', 'upgraded', 'rolling-back', 'rolled-back', 'failed', 'skipped', 'astray'] as const;

export class StrategyBody {
  @ApiPropertyOptional({ default: 1, description: 'Nodes that may be away at the same time.' }) @IsOptional() @IsInt() @Min(1) @Max(100_000) maxUnavailable?: number;
  @ApiPropertyOptional({ default: 0, description: 'Nodes that may fail before the rollout stops.' }) @IsOptional() @IsInt() @Min(0) @Max(100_000) failureLimit?: number;
  @ApiPropertyOptional({ default: 120, description: 'Seconds for an agent to take an order.' }) @IsOptional() @IsInt() @Min(1) @Max(604_800) acceptSeconds?: number;
  @ApiPropertyOptional({ default: 30, description: 'Seconds for a report, beyond the step\'s own time-out.' }) @IsOptional() @IsInt() @Min(1) @Max(86_400) graceSeconds?: number;
  @ApiPropertyOptional({ default: 86_400, description: 'Seconds for a paused rollout to be resumed; then it is aborted.' }) @IsOptional() @IsInt() @Min(60) @Max(2_592_000) pauseSeconds?: number;
}

export class PlanBody {
  @ApiProperty({ example: 'orchat' }) @IsString() @MaxLength(63) product: string;
  @ApiProperty({ example: 'v0.7.0' }) @IsString() @MaxLength(64) to: string;
  @ApiProperty({ example: 'all', description: 'Selector; the nodes that it stands for now are fixed in the plan.' }) @IsString() @MaxLength(20_000) nodes: string;
  @ApiPropertyOptional({ type: StrategyBody }) @IsOptional() @IsObject() @ValidateNested() @Type(() => StrategyBody) strategy?: StrategyBody;
  @ApiPropertyOptional({ type: String, example: 'apt', description: 'How releases are put in place; without it, as suits each node best.' }) @IsOptional() @IsName() method?: string;
  @ApiPropertyOptional({ default: false, description: 'Only shows the plan; nothing is recorded.' }) @IsOptional() @IsBoolean() dryRun?: boolean;
}

export class StartBody {
  @ApiPropertyOptional({ description: 'Digest of the plan that was read; another plan is refused.' }) @IsOptional() @IsDigest() digest?: string;
}

export class ReasonBody {
  @ApiProperty({ example: 'error rate on node-2' }) @IsString() @MinLength(1) @MaxLength(500) reason: string;
}

export class RolloutsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: rolloutStates }) @IsOptional() @IsIn(rolloutStates) state?: string;
}

export class MembersQuery extends PageQuery {
  @ApiPropertyOptional({ enum: memberStates }) @IsOptional() @IsIn(memberStates) state?: string;
}

export class RolloutView {
  @ApiProperty({ example: 'r-7k3fq2mz' }) rollout: string;
  @ApiProperty() product: string;
  @ApiProperty() to: string;
  @ApiProperty({ enum: rolloutStates }) state: string;
  @ApiProperty({ type: String, nullable: true }) reason: string | null;
  @ApiProperty({ description: 'SHA-256 of the plan in canonical JSON.' }) digest: string;
  @ApiProperty() selector: string;
  @ApiProperty({ type: 'object', additionalProperties: true }) strategy: object;
  @ApiProperty({ description: 'How many nodes it has.' }) size: number;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'number' }, description: 'How many nodes are in which state.' }) tally: { [state: string]: number };
  @ApiProperty({ format: 'date-time' }) plannedAt: string;
  @ApiProperty() plannedBy: string;
  @ApiProperty({ format: 'date-time' }) startBy: string;
  @ApiProperty({ type: String, nullable: true }) startedAt: string | null;
  @ApiProperty({ type: String, nullable: true }) endedAt: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'Of a paused rollout: resumed by then, or aborted.' }) resumeBy: string | null;
}

export class MemberView {
  @ApiProperty() node: string;
  @ApiProperty({ description: 'Its turn, from 1.' }) ordinal: number;
  @ApiProperty() fromVersion: string;
  @ApiProperty({ enum: memberStates }) state: string;
  @ApiProperty({ enum: ['commanded', 'claimed', 'verified', 'inconsistent'], nullable: true }) result: string | null;
  @ApiProperty({ type: String, nullable: true }) step: string | null;
  @ApiProperty({ type: String, nullable: true }) stepTitle: string | null;
  @ApiProperty() stepsDone: number;
  @ApiProperty() steps: number;
  @ApiProperty({ type: String, nullable: true }) reason: string | null;
  @ApiProperty({ type: String, nullable: true }) startedAt: string | null;
  @ApiProperty({ type: String, nullable: true }) endedAt: string | null;
}

export class RolloutsPage extends PageMarks {
  @ApiProperty({ type: [RolloutView] }) items: RolloutView[];
}

export class MembersPage extends PageMarks {
  @ApiProperty({ type: [MemberView] }) items: MemberView[];
}

export class PlanAnswer extends CommandAnswer {
  @ApiProperty() rollout: string;
  @ApiProperty() digest: string;
  @ApiProperty() dryRun: boolean;
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, description: 'The whole plan; null in the answer to a repeat.' }) plan: object | null;
  @ApiProperty({ type: [String], description: 'Chosen nodes that run the version already; the plan leaves them out.' }) alreadyThere: string[];
}
