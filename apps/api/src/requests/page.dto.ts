import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

export const pageSizeMax = 500;

/** What every list takes. */
export class PageQuery {
  @ApiPropertyOptional({ description: `How many items at most, up to ${pageSizeMax}.`, default: 100 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(pageSizeMax)
  limit?: number;

  @ApiPropertyOptional({ description: 'Where the list goes on: `next` of the part before. Its content means nothing outside.' })
  @IsOptional()
  @IsString()
  @MaxLength(500)
  cursor?: string;

  @ApiPropertyOptional({ description: 'Waits until this position of the ledger is projected; also as the header Rollbook-Position.' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  position?: number;
}

export class PageMarks {
  @ApiProperty({ type: String, nullable: true, description: 'Cursor of the next part; null at the end.' })
  next: string | null;

  @ApiProperty({ description: 'Position of the ledger up to which this answer had come.' })
  position: number;

  @ApiProperty({ type: Number, nullable: true, description: 'Set when events had to be set aside: the answer may lack what came since that position.' })
  incompleteSince: number | null;
}
