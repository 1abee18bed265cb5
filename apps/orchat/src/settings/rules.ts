import { Refusal } from '../refusal.js';
import { type Release, type Shape, isNewer } from '../releases.js';
import { schemaOf } from './fields.js';

export interface MigrationWish {
  /** The release that is running. */
  running: Release;
  /** The shape that lies in the file. */
  found: Shape;
  from: Release | undefined;
  to: Release;
}

/** Refuses a migration that the running release must not do. */
export function requireAllowed({ running, found, from, to }: MigrationWish): void {
  if (found === to.settings) return;
  const foundSchema = `schema ${schemaOf(found)}`;
  if (from !== undefined && from.settings !== found) {
    throw new Refusal(
      'other-settings',
      `the settings are not those of ${from.version}: they have ${describeShape(found)}`,
      'Name the release that wrote them with --from, or leave --from out.',
    );
  }
  if (isNewer(to, running)) {
    throw new Refusal(
      'install-first',
      `${running.version} cannot write the settings of ${to.version}`,
      `Install ${to.version} and run the migration with it.`,
    );
  }
  if (!running.reads.includes(found)) {
    throw new Refusal(
      'unknown-settings',
      `${running.version} does not know settings of ${foundSchema}`,
      'Migrate them with the release that wrote them, or run orchat backup restore.',
    );
  }
  if (needsFreshInstall(found, to)) {
    throw new Refusal(
      'fresh-install',
      `settings of ${foundSchema} are not converted for ${to.version}`,
      'Keep a copy of ~/.config/orchat, remove it, and run orchat --setup; the history can stay.',
    );
  }
  if (needsExplicitOrigin(found, to) && from === undefined) {
    throw new Refusal(
      'origin-needed',
      `settings of v0.5 are converted for ${to.version} only when you say so`,
      `Run orchat --migrate-config --from=v0.5 --to=${to.version}.`,
    );
  }
}

export function needsFreshInstall(found: Shape, to: Release): boolean {
  return found === 'schema2' && to.settings === 'schema4';
}

export function needsExplicitOrigin(found: Shape, to: Release): boolean {
  return found === 'schema3' && to.settings === 'schema4';
}

export function describeShape(shape: Shape): string {
  const notes: Partial<Record<Shape, string>> = {
    schema3: ' without metrics',
    'schema3-metrics': ' with metrics',
  };
  return `schema ${schemaOf(shape)}${notes[shape] ?? ''}`;
}
