import { YamlFile } from './yaml-reader.js';
import type { Field, FileProblem } from './yaml-reader.js';

const rules = ['refuse', 'warn', 'off'] as const;
const tiers = ['platinum', 'gold', 'silver'] as const;
const automatic = ['full', 'partial', 'manual'] as const;

type Rule = (typeof rules)[number];

/** A policy as its file says it; null for what it leaves out. */
export interface PolicyFile {
  targets: { endOfLife: Rule | null; deprecated: Rule | null; vetoed: Rule | null };
  staging: { production: { [label: string]: string } | null; evidence: Rule | null; maxAgeDays: number | null };
  checklist: { releaseNotes: Rule | null; usersNotified: Rule | null };
  baseline: { ratio: number | null; floorMs: number | null };
  monitoring: { hours: number | null; observeSeconds: number | null };
  certification: { tiers: { tier: (typeof tiers)[number]; cases: number; automatic: (typeof automatic)[number]; rollbackTested: boolean }[] | null };
}

export function parsePolicy(file: string, text: string): PolicyFile | { problems: FileProblem[] } {
  const yaml = new YamlFile(file, text);
  const top = yaml.root.map(['targets', 'staging', 'checklist', 'baseline', 'monitoring', 'certification']);
  const targets = section(top.targets, ['end-of-life', 'deprecated', 'vetoed']);
  const staging = section(top.staging, ['production', 'evidence', 'max-age-days']);
  const checklist = section(top.checklist, ['release-notes', 'users-notified']);
  const baseline = section(top.baseline, ['ratio', 'floor-ms']);
  const monitoring = section(top.monitoring, ['hours', 'observe-seconds']);
  const certification = section(top.certification, ['tiers']);
  const policy: PolicyFile = {
    targets: { endOfLife: rule(targets?.['end-of-life']), deprecated: rule(targets?.deprecated), vetoed: rule(targets?.vetoed) },
    staging: { production: labels(staging?.production), evidence: rule(staging?.evidence), maxAgeDays: whole(staging?.['max-age-days'], 1, 3_650) },
    checklist: { releaseNotes: rule(checklist?.['release-notes']), usersNotified: rule(checklist?.['users-notified']) },
    baseline: { ratio: ifThere(baseline?.ratio, (one) => one.number(1, 100)), floorMs: whole(baseline?.['floor-ms'], 0, 600_000) },
    monitoring: { hours: whole(monitoring?.hours, 0, 720), observeSeconds: whole(monitoring?.['observe-seconds'], 1, 86_400) },
    certification: { tiers: ifThere(certification?.tiers, (one) => one.list().map(readTier)) },
  };
  return yaml.problems.length > 0 ? { problems: yaml.problems } : policy;
}

function section<const K extends string>(field: Field, allowed: readonly K[]): Record<K, Field> | undefined {
  return field.present ? field.map(allowed) : undefined;
}

function ifThere<T>(field: Field | undefined, read: (field: Field) => T): T | null {
  return field?.present ? read(field) : null;
}

const rule = (field: Field | undefined) => ifThere(field, (one) => one.oneOf(rules));
const whole = (field: Field | undefined, min: number, max: number) => ifThere(field, (one) => one.integer(min, max));

function labels(field: Field | undefined): { [label: string]: string } | null {
  if (!field?.present) return null;
  const said = field.entries().map(([label, value]) => [label, value.written(/^.{1,500}$/, 'a text')] as const);
  if (said.length === 0) field.wrong('must name at least one label');
  return Object.fromEntries(said);
}

function readTier(field: Field): NonNullable<PolicyFile['certification']['tiers']>[number] {
  const fields = field.map(['tier', 'cases', 'automatic', 'rollback-tested']);
  return {
    tier: fields.tier.oneOf(tiers), cases: fields.cases.integer(0, 1_000_000), automatic: fields.automatic.oneOf(automatic),
    rollbackTested: fields['rollback-tested'].boolean(),
  };
}
