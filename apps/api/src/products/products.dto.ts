import { ApiProperty } from '@nestjs/swagger';
import { PageMarks } from '../requests/page.dto.js';

export class ArtifactView {
  @ApiProperty() name: string;
  @ApiProperty() file: string;
  @ApiProperty() sha256: string;
}

export class ReleaseView {
  @ApiProperty() version: string;
  @ApiProperty({ type: String, nullable: true }) released: string | null;
  @ApiProperty({ type: String, nullable: true }) scheduled: string | null;
  @ApiProperty({ type: String, nullable: true }) supportEnds: string | null;
  @ApiProperty({ type: [String] }) breaking: string[];
  @ApiProperty({ type: [String] }) notes: string[];
  @ApiProperty({ type: [ArtifactView] }) artifacts: ArtifactView[];
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
  @ApiProperty() releases: number;
  @ApiProperty({ type: String, nullable: true, description: 'The newest release that is out.' }) latest: string | null;
}

export class ProductView {
  @ApiProperty() product: string;
  @ApiProperty() name: string;
  @ApiProperty({ type: [ReleaseView] }) releases: ReleaseView[];
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
