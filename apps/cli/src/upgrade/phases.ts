/** An event of the ledger, as far as a log of an upgrade reads it. */
export interface UpgradeEvent {
  _ledger: { position: number };
  type: string;
  data: { [name: string]: unknown };
}

/** Steps by kind, in the words of the guide's script; a kind that is not here goes on with the phase before it. */
const phases: { [kind: string]: (event: { [name: string]: unknown }, to: string) => string } = {
  system: () => 'Running pre-flight checks...',
  backup: () => 'Creating backup...',
  'migration-check': () => 'Checking the migration...',
  install: (_, to) => `Downloading version ${to}...`,
  migration: () => 'Migrating the settings...',
  review: () => 'Waiting for a person to look at it: see `rollbook node review`',
  archive: () => 'Creating backup...',
  remove: () => 'Removing the old installation...',
  config: () => 'Verifying installation...',
  validation: () => 'Running validation suite...',
  feature: () => 'Running validation suite...',
};

/** Turns events of a node's upgrade into the lines that people follow it by; each phase is told once. */
export class Narrator {
  private readonly told = new Set<string>();
  /** The backup that was made, when there is one. */
  backup: { name: string; sha256: string } | undefined;

  constructor(
    private readonly node: string,
    private readonly to: string,
  ) {}

  /** The lines that an event is worth. */
  tell({ type, data }: UpgradeEvent): string[] {
    if (data['node'] !== undefined && data['node'] !== this.node) return [];
    switch (type) {
      case 'step.ordered':
        return data['phase'] === 'upgrade' ? this.enter(phases[data['kind'] as string]?.(data, this.to)) : [];
      case 'step.reported':
        return data['good'] === true ? [] : [`❌ ${data['title'] as string}: ${reasonOf({ ...data, reason: data['verdict'] })}`];
      case 'step.expired':
        return [`❌ The agent gave no ${data['wait'] as string} in time`];
      case 'backup.created':
        this.backup = data['backup'] as { name: string; sha256: string };
        return [];
      case 'migration.applied':
        return [`Settings are migrated from schema ${data['fromSchema'] as string} to ${data['toSchema'] as string}`];
      case 'upgrade.failed':
        return [data['changed'] === true ? '❌ The upgrade failed' : '❌ The upgrade failed before anything was changed, aborting'];
      case 'rollback.started':
        return this.enter(`Rolling back to ${data['to'] as string}...`);
      case 'rollback.failed':
        return [`❌ The rollback failed: ${reasonOf(data)}. This node needs care`];
      default:
        return [];
    }
  }

  private enter(phase: string | undefined): string[] {
    if (phase === undefined || this.told.has(phase)) return [];
    this.told.add(phase);
    return [phase];
  }
}

function reasonOf({ reason, detail }: { [name: string]: unknown }): string {
  return typeof detail === 'string' ? `${reason as string}: ${detail}` : (reason as string);
}
