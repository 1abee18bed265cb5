import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { markNames, supportWords } from './words.js';
import { CommandAnswer } from '../requests/done.js';
import { IsInstant } from '../requests/names.js';
import { PageMarks } from '../requests/page.dto.js';

const untilSays = 'The last day of it; true when it is over, false when no end is known, null where nothing is said.';
const Until = () => ApiProperty({ oneOf: [{ type: 'string' }, { type: 'boolean' }], nullable: true, description: untilSays });

export class MatrixQuery {
  @ApiPropertyOptional({ example: '2026-01-16', description: 'The day that support and marks are judged for; today, unless it is given.' })
  @IsOptional()
  @Matches(/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, { message: 'must be a day like 2026-01-16' })
  asOf?: string;

  @ApiPropertyOptional({ description: 'Waits until this position of the ledger is projected; also as the header Rollbook-Position.' })
  @IsOptional()
  @Matches(/^\d{1,15}$/, { message: 'must be a number' })
  position?: string;
}

export class ExportQuery extends MatrixQuery {
  @ApiPropertyOptional({ enum: ['csv', 'json'], default: 'json' }) @IsOptional() @IsIn(['csv', 'json']) format?: 'csv' | 'json';
}

export class ImportBody {
  @ApiProperty({ example: 'alpine-linux.md', description: 'Name of the file; it names the product when the file has no permalink.' }) @IsString() @MinLength(1) @MaxLength(500) file: string;
  @ApiProperty({ description: 'A product file of endoflife.date: Markdown with YAML at its head.' }) @IsString() text: string;
}

export class ImportAnswer extends CommandAnswer {
  @ApiProperty() product: string;
  @ApiProperty({ description: 'How many releases the file lists.' }) releases: number;
}

export class MarkBody {
  @ApiProperty({ enum: markNames, description: '`bad`: no plan leads there. `pinned`: while it holds, no plan leads anywhere else.' }) @IsIn(markNames) mark: (typeof markNames)[number];
  @ApiProperty({ example: 'loses history on full disks' }) @IsString() @MinLength(1) @MaxLength(500) reason: string;
  @ApiPropertyOptional({ format: 'date-time', description: 'From then on it holds no longer.' }) @IsOptional() @IsInstant() until?: string;
}

export class UnmarkBody {
  @ApiProperty({ enum: markNames }) @IsIn(markNames) mark: (typeof markNames)[number];
  @ApiProperty({ example: 'mended by the vendor' }) @IsString() @MinLength(1) @MaxLength(500) reason: string;
}

export class MarkView {
  @ApiProperty({ enum: markNames }) mark: string;
  @ApiProperty() reason: string;
  @ApiProperty({ format: 'date-time' }) from: string;
  @ApiProperty({ type: String, nullable: true }) until: string | null;
}

export class CycleView {
  @ApiProperty({ type: String, nullable: true }) label: string | null;
  @ApiProperty({ type: String, nullable: true }) codename: string | null;
  @ApiProperty({ type: String, nullable: true }) released: string | null;
  @Until() lts: string | boolean | null;
  @Until() activeSupportEnds: string | boolean | null;
  @Until() supportEnds: string | boolean | null;
  @Until() extendedSupportEnds: string | boolean | null;
  @Until() discontinued: string | boolean | null;
  @ApiProperty({ type: String, nullable: true }) latest: string | null;
  @ApiProperty({ type: String, nullable: true }) latestReleased: string | null;
  @ApiProperty({ type: String, nullable: true }) link: string | null;
}

export class ArtifactView {
  @ApiProperty() name: string;
  @ApiProperty() file: string;
  @ApiProperty() sha256: string;
}

export class ReleaseView {
  @ApiProperty() version: string;
  @ApiProperty({ type: String, nullable: true }) released: string | null;
  @ApiProperty({ type: String, nullable: true }) scheduled: string | null;
  @ApiProperty({ enum: supportWords, description: 'On the day that was asked for.' }) support: string;
  @ApiProperty({ type: String, nullable: true, description: 'The last day of active support; deprecated from then on.' }) activeSupportEnds: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'The last day of support.' }) supportEnds: string | null;
  @ApiProperty({ type: [String] }) breaking: string[];
  @ApiProperty({ type: [String] }) notes: string[];
  @ApiProperty({ type: [ArtifactView] }) artifacts: ArtifactView[];
  @ApiProperty({ type: [MarkView], description: 'Those that hold on that day.' }) marks: MarkView[];
  @ApiProperty({ type: CycleView, nullable: true, description: 'Of a cycle of releases that was imported: what its project says.' }) cycle: CycleView | null;
}

export class RequirementView {
  @ApiProperty({ type: [String] }) from: string[];
  @ApiProperty() to: string;
  @ApiProperty({ description: 'The release to be at on the way.' }) via: string;
  @ApiProperty() reason: string;
}

export class NextView {
  @ApiProperty() version: string;
  @ApiProperty({ example: '2026-02-15' }) on: string;
}

export class PathView {
  @ApiProperty({ type: [String] }) from: string[];
  @ApiProperty() to: string;
  @ApiProperty({ enum: ['automatic', 'partial', 'manual', 'fresh-install'] }) migration: string;
  @ApiProperty({ type: [String], description: 'What a person has to know or to do.' }) notes: string[];
  @ApiProperty({ type: [String], description: 'Runbooks in order.' }) upgrade: string[];
  @ApiProperty({ type: [String] }) rollback: string[];
}

export class RunbookView {
  @ApiProperty() runbook: string;
  @ApiProperty({ description: 'SHA-256 of the runbook in canonical JSON; orders name it.' }) digest: string;
  @ApiProperty({ type: 'object', additionalProperties: true }) content: object;
}

export class MethodView {
  @ApiProperty({ example: 'apt' }) method: string;
  @ApiProperty({ type: [String] }) install: string[];
  @ApiProperty({ type: [String] }) rollback: string[];
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, description: 'Labels or facts of the nodes that it is for.' }) when: { [name: string]: string };
}

export class DowngradeView {
  @ApiProperty({ type: [String] }) from: string[];
  @ApiProperty() to: string;
  @ApiProperty({ type: [String] }) runbooks: string[];
  @ApiProperty({ type: String, nullable: true, description: 'Why there is no way back.' }) reason: string | null;
}

export class ProcedureView {
  @ApiProperty({ example: 'reinstall' }) procedure: string;
  @ApiProperty() title: string;
  @ApiProperty({ type: [String] }) runbooks: string[];
  @ApiProperty({ type: String, nullable: true, description: 'The release that it always ends at.' }) to: string | null;
}

export class ProductSummary {
  @ApiProperty() product: string;
  @ApiProperty() name: string;
  @ApiProperty({ description: 'Whether a catalogue says how to upgrade it.' }) managed: boolean;
  @ApiProperty() releases: number;
  @ApiProperty({ type: String, nullable: true, description: 'The newest release that is out.' }) latest: string | null;
}

export class MatrixView {
  @ApiProperty() product: string;
  @ApiProperty() name: string;
  @ApiProperty({ description: 'Whether a catalogue says how to upgrade it; of other products only the life cycle is known.' }) managed: boolean;
  @ApiProperty({ example: '2026-01-16', description: 'The day that support and marks are told for.' }) asOf: string;
  @ApiProperty({ type: [ReleaseView] }) releases: ReleaseView[];
  @ApiProperty({ type: NextView, nullable: true, description: 'What is to come out next after that day.' }) next: NextView | null;
}

export class ProductView extends MatrixView {
  @ApiProperty({ type: [ReleaseView], description: 'The imported life cycle of a product that has releases of its own here.' }) cycles: ReleaseView[];
  @ApiProperty({ type: [RequirementView] }) requires: RequirementView[];
  @ApiProperty({ type: [PathView] }) paths: PathView[];
  @ApiProperty({ type: [RunbookView] }) runbooks: RunbookView[];
  @ApiProperty({ type: [MethodView] }) methods: MethodView[];
  @ApiProperty({ type: [DowngradeView] }) downgrades: DowngradeView[];
  @ApiProperty({ type: [ProcedureView] }) procedures: ProcedureView[];
}

export class ProductsPage extends PageMarks {
  @ApiProperty({ type: [ProductSummary] }) items: ProductSummary[];
}

export class CertificationView {
  @ApiProperty() product: string;
  @ApiProperty() version: string;
  @ApiProperty({ description: 'Upgrades to this version that ended, however they did.' }) cases: number;
  @ApiProperty() verified: number;
  @ApiProperty() failed: number;
  @ApiProperty({ description: 'Claimed to have succeeded and measured to have not.' }) inconsistent: number;
  @ApiProperty() migrations: number;
  @ApiProperty({ description: 'Checks that asked for a person.' }) manual: number;
  @ApiProperty({ description: 'Backups that were read back with their digest.' }) backups: number;
  @ApiProperty() rollbacks: number;
  @ApiProperty({ description: 'Rollbacks whose restored files had the backup\'s digest and whose version and health were measured.' }) rollbacksProven: number;
  @ApiProperty({ type: [String] }) fromVersions: string[];
  @ApiProperty({ type: String, nullable: true }) firstAt: string | null;
  @ApiProperty({ type: String, nullable: true }) lastAt: string | null;
}

export class CertificationPage extends PageMarks {
  @ApiProperty({ type: [CertificationView] }) items: CertificationView[];
}
