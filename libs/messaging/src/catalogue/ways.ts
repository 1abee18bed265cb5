import type { Field } from './yaml-reader.js';
import { name, version } from '../shapes.js';

const label = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/;
const migrations = ['automatic', 'partial', 'manual', 'fresh-install'] as const;
/** In a path's lists these stand for the runbooks of the method that a plan chooses. */
const places = { upgrade: '@install', rollback: '@rollback' } as const;

/** How nodes of some versions come to another. */
export interface PathEntry {
  from: string[];
  to: string;
  migration: (typeof migrations)[number];
  /** What a person has to know or to do, in words. */
  notes: string[];
  upgrade: string[];
  rollback: string[];
}

/** A way to put a release in place, for nodes whose labels and facts are as `when` says. */
export interface MethodEntry {
  method: string;
  install: string[];
  rollback: string[];
  when: { [name: string]: string };
}

/** The way back to an older release, or why there is none. */
export interface DowngradeEntry {
  from: string[];
  to: string;
  runbooks: string[];
  reason: string | null;
}

/** Something that is done to one node outside a rollout. */
export interface ProcedureEntry {
  procedure: string;
  title: string;
  runbooks: string[];
  /** The release that the node runs afterwards; null: as asked for, else the one that it runs. */
  to: string | null;
}

export function readPath(field: Field): PathEntry {
  const fields = field.map(['from', 'to', 'migration', 'notes', 'upgrade', 'rollback']);
  const from = readFrom(fields.from);
  const upgrade = readRunbooks(fields.upgrade, places.upgrade);
  if (upgrade.length === 0) fields.upgrade.wrong('must list at least one runbook');
  const rollback = readRunbooks(fields.rollback, places.rollback);
  if (rollback.length === 0) fields.rollback.wrong('must list at least one runbook: an upgrade without a way back is not planned');
  const to = readVersion(fields.to, 'v0.7.0');
  return { from, to, migration: fields.migration.oneOf(migrations), notes: fields.notes.list().map((one) => one.text()), upgrade, rollback };
}

export function readMethod(field: Field): MethodEntry {
  const fields = field.map(['method', 'install', 'rollback', 'when']);
  const install = readRunbooks(fields.install);
  if (install.length === 0) fields.install.wrong('must list at least one runbook');
  const rollback = readRunbooks(fields.rollback);
  if (rollback.length === 0) fields.rollback.wrong('must list at least one runbook: what is put in place must also be taken back');
  const when = Object.fromEntries(fields.when.entries().map(([key, one]) => {
    if (!label.test(key)) one.wrong('has a name that no label can have');
    return [key, one.written(/^.{1,500}$/, 'a text of at most 500 characters')];
  }));
  return { method: readName(fields.method), install, rollback, when };
}

export function readDowngrade(field: Field): DowngradeEntry {
  const fields = field.map(['from', 'to', 'runbooks', 'reason']);
  const runbooks = readRunbooks(fields.runbooks);
  const reason = fields.reason.present ? fields.reason.text() : null;
  if ((runbooks.length === 0) !== (reason !== null)) field.wrong('must say either runbooks, or the reason why there are none');
  return { from: readFrom(fields.from), to: readVersion(fields.to, 'v0.6.2'), runbooks, reason };
}

export function readProcedure(field: Field): ProcedureEntry {
  const fields = field.map(['procedure', 'title', 'runbooks', 'to']);
  const runbooks = readRunbooks(fields.runbooks);
  if (runbooks.length === 0) fields.runbooks.wrong('must list at least one runbook');
  const procedure = readName(fields.procedure);
  if (procedure === 'downgrade') fields.procedure.wrong('is kept for what downgrades lists');
  const title = fields.title.text(/^.{1,120}$/, 'a text of at most 120 characters');
  return { procedure, title, runbooks, to: fields.to.present ? readVersion(fields.to, 'v0.7.0') : null };
}

function readFrom(field: Field): string[] {
  const from = field.list().map((one) => readVersion(one, 'v0.6.2'));
  if (from.length === 0) field.wrong('must list at least one version');
  return from;
}

function readVersion(field: Field, like: string): string {
  return field.written(version, `a version like ${like}`);
}

function readName(field: Field): string {
  return field.text(name, 'lower-case letters, digits, dots and dashes');
}

function readRunbooks(field: Field, place?: string): string[] {
  const about = `the name of a runbook${place === undefined ? '' : `, or ${place}`}`;
  return field.list().map((item) => item.text(place === undefined ? name : new RegExp(`${name.source}|^${place}$`), about));
}
