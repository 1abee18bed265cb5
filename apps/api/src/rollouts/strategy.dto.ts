import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsBoolean, IsIn, IsInt, IsNumber, IsObject, IsOptional, IsString, Matches, Max, MaxLength, Min, ValidateNested } from 'class-validator';

const month = 30 * 24 * 3600;

export class WaveBody {
  @ApiPropertyOptional({ description: 'So many nodes.' }) @IsOptional() @IsInt() @Min(1) @Max(100_000) size?: number;
  @ApiPropertyOptional({ description: 'So many in a hundred of all; at least one.' }) @IsOptional() @IsNumber() @Min(0.01) @Max(100) percent?: number;
  @ApiPropertyOptional({ description: 'Selector; these nodes, of those chosen.', example: 'label.user=alice,node-7' }) @IsOptional() @IsString() @MaxLength(20_000) nodes?: string;
}

export class MetricBody {
  @ApiProperty({ description: 'A number of the product\'s metrics-command.', example: 'errors' }) @IsString() @Matches(/^[A-Za-z][A-Za-z0-9]{0,63}$/) metric: string;
  @ApiPropertyOptional({ enum: ['higher', 'lower'], default: 'higher', description: 'Which way is worse.' }) @IsOptional() @IsIn(['higher', 'lower']) worse?: 'higher' | 'lower';
  @ApiPropertyOptional({ description: 'The counter of how much was done; without it, time is what counts.' }) @IsOptional() @IsString() @MaxLength(64) per?: string;
  @ApiPropertyOptional({ default: false, description: 'Shown, and never counted.' }) @IsOptional() @IsBoolean() shadow?: boolean;
}

export class LimitsBody {
  @ApiPropertyOptional({ default: 0.02 }) @IsOptional() @IsNumber() @Min(0) @Max(1) priorRate?: number;
  @ApiPropertyOptional({ default: 25 }) @IsOptional() @IsNumber() @Min(0) @Max(25) priorNodes?: number;
  @ApiPropertyOptional({ default: 0.05 }) @IsOptional() @IsNumber() @Min(0) @Max(1) rateLimit?: number;
  @ApiPropertyOptional({ default: 0.25 }) @IsOptional() @IsNumber() @Min(0) @Max(1) holdAt?: number;
  @ApiPropertyOptional({ default: 0.6 }) @IsOptional() @IsNumber() @Min(0) @Max(1) rollbackAt?: number;
  @ApiPropertyOptional({ default: 2 }) @IsOptional() @IsInt() @Min(1) @Max(300) failures?: number;
  @ApiPropertyOptional({ default: 0.05 }) @IsOptional() @IsNumber() @Min(0) @Max(1) alpha?: number;
  @ApiPropertyOptional({ default: 1.5 }) @IsOptional() @IsNumber() @Min(1) @Max(1000) ratio?: number;
  @ApiPropertyOptional({ default: 5 }) @IsOptional() @IsNumber() @Min(0) counts?: number;
  @ApiPropertyOptional({ default: 0 }) @IsOptional() @IsNumber() @Min(0) exposure?: number;
}

export class GateBody {
  @ApiProperty({ enum: ['health', 'manual', 'prometheus', 'webhook', 'canary'] }) @IsIn(['health', 'manual', 'prometheus', 'webhook', 'canary']) gate: 'health' | 'manual' | 'prometheus' | 'webhook' | 'canary';
  @ApiPropertyOptional({ description: 'The wave after which it stands; without it, after every wave.' }) @IsOptional() @IsInt() @Min(1) @Max(100) after?: number;
  @ApiPropertyOptional({ default: 10 }) @IsOptional() @IsInt() @Min(1) @Max(86_400) everySeconds?: number;
  @ApiPropertyOptional({ default: 600, description: 'What is not decided by then holds.' }) @IsOptional() @IsInt() @Min(1) @Max(month) withinSeconds?: number;
  @ApiPropertyOptional({ default: 86_400, description: 'Manual: for a person to decide.' }) @IsOptional() @IsInt() @Min(1) @Max(month) decideSeconds?: number;
  @ApiPropertyOptional({ default: 1, description: 'Good samples in a row that open it.' }) @IsOptional() @IsInt() @Min(1) @Max(1000) passes?: number;
  @ApiPropertyOptional({ default: 3, description: 'Bad samples in a row that end it.' }) @IsOptional() @IsInt() @Min(1) @Max(1000) failures?: number;
  @ApiPropertyOptional({ enum: ['hold', 'rollback'], default: 'hold', description: 'What measured badness leads to.' }) @IsOptional() @IsIn(['hold', 'rollback']) otherwise?: 'hold' | 'rollback';
  @ApiPropertyOptional({ description: 'Prometheus, webhook: its address.' }) @IsOptional() @IsString() @MaxLength(500) url?: string;
  @ApiPropertyOptional({ description: 'Prometheus: a query for one instant; each of its values must meet the threshold.' }) @IsOptional() @IsString() @MaxLength(2_000) query?: string;
  @ApiPropertyOptional({ example: '< 0.05' }) @IsOptional() @IsString() @MaxLength(100) threshold?: string;
  @ApiPropertyOptional({ default: 3600, description: 'Canary: how long it lives before its verdict.' }) @IsOptional() @IsInt() @Min(1) @Max(month) soakSeconds?: number;
  @ApiPropertyOptional({ default: 0 }) @IsOptional() @IsInt() @Min(0) @Max(month) warmUpSeconds?: number;
  @ApiPropertyOptional({ description: 'Canary with metrics: how long nodes are measured before the first one is upgraded; as long as the soak.' }) @IsOptional() @IsInt() @Min(0) @Max(month) baselineSeconds?: number;
  @ApiPropertyOptional({ default: 3, description: 'Canary: how often metrics are compared.' }) @IsOptional() @IsInt() @Min(1) @Max(20) looks?: number;
  @ApiPropertyOptional({ default: 60, description: 'Canary: nodes of later waves that are watched beside it, at most.' }) @IsOptional() @IsInt() @Min(0) @Max(200) control?: number;
  @ApiPropertyOptional({ type: [MetricBody] }) @IsOptional() @IsArray() @ArrayMaxSize(10) @ValidateNested({ each: true }) @Type(() => MetricBody) metrics?: MetricBody[];
  @ApiPropertyOptional({ type: LimitsBody }) @IsOptional() @IsObject() @ValidateNested() @Type(() => LimitsBody) limits?: LimitsBody;
}

export class StrategyBody {
  @ApiPropertyOptional({ enum: ['rolling', 'canary'], default: 'rolling' }) @IsOptional() @IsIn(['rolling', 'canary']) kind?: 'rolling' | 'canary';
  @ApiPropertyOptional({ default: 1, description: 'Nodes that may be away at the same time.' }) @IsOptional() @IsInt() @Min(1) @Max(100_000) maxUnavailable?: number;
  @ApiPropertyOptional({ default: 0, description: 'Nodes that may fail before the rollout stops.' }) @IsOptional() @IsInt() @Min(0) @Max(100_000) failureLimit?: number;
  @ApiPropertyOptional({ description: 'Nodes that may vanish before the rollout stops; without it they only count as failed.' }) @IsOptional() @IsInt() @Min(0) @Max(100_000) missingLimit?: number;
  @ApiPropertyOptional({ description: 'Percentage of a wave that may fail; beyond it the rollout stops at once.' }) @IsOptional() @IsInt() @Min(0) @Max(100) errorPercent?: number;
  @ApiPropertyOptional({ description: 'Percentage of a wave that must be measured at the new version before the next one begins.' }) @IsOptional() @IsInt() @Min(0) @Max(100) successPercent?: number;
  @ApiPropertyOptional({ type: [WaveBody], description: 'What no wave names is the last wave.' }) @IsOptional() @IsArray() @ArrayMaxSize(100) @ValidateNested({ each: true }) @Type(() => WaveBody) waves?: WaveBody[];
  @ApiPropertyOptional({ type: [GateBody] }) @IsOptional() @IsArray() @ArrayMaxSize(20) @ValidateNested({ each: true }) @Type(() => GateBody) gates?: GateBody[];
  @ApiPropertyOptional({ default: 120, description: 'Seconds for an agent to take an order.' }) @IsOptional() @IsInt() @Min(1) @Max(604_800) acceptSeconds?: number;
  @ApiPropertyOptional({ default: 30, description: 'Seconds for a report, beyond the step\'s own time-out.' }) @IsOptional() @IsInt() @Min(1) @Max(86_400) graceSeconds?: number;
  @ApiPropertyOptional({ default: 86_400, description: 'Seconds for a paused or held rollout to be resumed; then it is aborted.' }) @IsOptional() @IsInt() @Min(60) @Max(2_592_000) pauseSeconds?: number;
}

export class DecideBody {
  @ApiPropertyOptional({ description: 'Its place in the strategy, from 0; not needed where one gate waits.' }) @IsOptional() @IsInt() @Min(0) @Max(19) gate?: number;
  @ApiProperty({ example: 'the alert was a false one' }) @IsString() @MaxLength(500) @Matches(/\S/, { message: 'must say why' }) reason: string;
}

export class AmendBody {
  @ApiPropertyOptional({ type: StrategyBody, description: 'What is not named stays; waves are of the nodes that still wait.' }) @IsOptional() @IsObject() @ValidateNested() @Type(() => StrategyBody) strategy?: StrategyBody;
  @ApiPropertyOptional({ description: 'Selector: of the nodes that still wait, those that stay.' }) @IsOptional() @IsString() @MaxLength(20_000) nodes?: string;
  @ApiProperty() @IsString() @MaxLength(500) @Matches(/\S/, { message: 'must say why' }) reason: string;
  @ApiPropertyOptional({ default: false }) @IsOptional() @IsBoolean() dryRun?: boolean;
}

export class RollBackBody {
  @ApiProperty({ example: 'customers complain' }) @IsString() @MaxLength(500) @Matches(/\S/, { message: 'must say why' }) reason: string;
  @ApiPropertyOptional({ description: 'Selector: only these of its nodes.' }) @IsOptional() @IsString() @MaxLength(20_000) nodes?: string;
  @ApiPropertyOptional({ description: 'Only the nodes of this wave.' }) @IsOptional() @IsInt() @Min(1) @Max(100) wave?: number;
}

export class WaveView {
  @ApiProperty({ description: 'From 1.' }) wave: number;
  @ApiProperty() nodes: number;
  @ApiProperty({ enum: ['waiting', 'under-way', 'at-gates', 'held', 'passed', 'taken-back'] }) state: string;
}

export class GateView {
  @ApiProperty({ description: 'How often gates were opened.' }) round: number;
  @ApiProperty({ description: 'Its place in the strategy, from 0.' }) gate: number;
  @ApiProperty() wave: number;
  @ApiProperty({ enum: ['health', 'manual', 'prometheus', 'webhook', 'canary'] }) kind: string;
  @ApiProperty({ enum: ['open', 'held', 'passed', 'rolled-back'] }) state: string;
  @ApiProperty({ enum: ['promote', 'hold', 'rollback', 'insufficient'], nullable: true }) verdict: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'As a code.' }) reason: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'What was found, and what the sample can exclude.' }) says: string | null;
  @ApiProperty() samples: number;
  @ApiProperty({ format: 'date-time' }) openedAt: string;
  @ApiProperty({ format: 'date-time' }) dueBy: string;
  @ApiProperty({ type: String, nullable: true }) holdBy: string | null;
  @ApiProperty({ type: String, nullable: true }) judgedAt: string | null;
  @ApiProperty({ type: String, nullable: true }) decidedBy: string | null;
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'The numbers behind the last verdict.' }) method: object;
  @ApiProperty({ type: [Object], description: 'What it was decided on.' }) found: unknown[];
}
