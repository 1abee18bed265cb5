import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import { IsName } from '../requests/names.js';
import { PageMarks, PageQuery } from '../requests/page.dto.js';
import { IsTextMap } from '../requests/text-map.js';

export class NodesQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'all, a name, `web-*`, `site=home`, `version=v0.6.2`, `state=ready`, `label.tier=web`; parts separated by commas add up.', default: 'all' })
  @IsOptional()
  @IsString()
  @MaxLength(2_000)
  selector?: string;
}

export class RegisterNodeBody {
  @ApiProperty({ example: 'node-5' }) @IsName() node: string;
  @ApiProperty({ example: 'local' }) @IsName() site: string;
  @ApiProperty({ example: 'orchat' }) @IsName() product: string;
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' } }) @IsOptional() @IsTextMap() labels?: { [name: string]: string } | null;
}

export class NodeView {
  @ApiProperty() node: string;
  @ApiProperty() product: string;
  @ApiProperty() site: string;
  @ApiProperty({ type: String, nullable: true, description: 'As last measured; null when it never was.' }) version: string | null;
  @ApiProperty({ enum: ['healthy', 'degraded', 'unhealthy', 'unknown'] }) health: string;
  @ApiProperty({ enum: ['ready', 'upgrading', 'rolling-back', 'in-procedure', 'in-review', 'astray'] }) state: string;
  @ApiProperty({ format: 'date-time', description: 'Last change of version or state.' }) since: string;
  @ApiProperty({ type: String, nullable: true, description: 'The rollout that is at work on it, or was last.' }) rollout: string | null;
  @ApiProperty({ type: String, nullable: true }) reason: string | null;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } }) labels: { [name: string]: string };
}

export class NodesPage extends PageMarks {
  @ApiProperty({ type: [NodeView] }) items: NodeView[];
}

export class HistoryView {
  @ApiProperty() position: number;
  @ApiProperty() version: number;
  @ApiProperty({ example: 'backup.created' }) type: string;
  @ApiProperty({ format: 'date-time' }) occurredAt: string;
  @ApiProperty({ format: 'date-time' }) recordedAt: string;
  @ApiProperty({ type: String, nullable: true }) rollout: string | null;
  @ApiProperty({ description: 'Kind and pseudonym of who it is owed to.' }) actor: string;
  @ApiProperty() eventId: string;
  @ApiProperty({ type: String, nullable: true, description: 'Event that led here.' }) causation: string | null;
  @ApiProperty({ description: 'The operation that it belongs to.' }) correlation: string;
  @ApiProperty({ type: 'object', additionalProperties: true }) data: { [name: string]: unknown };
}

export class HistoryPage extends PageMarks {
  @ApiProperty({ type: [HistoryView] }) items: HistoryView[];
}
