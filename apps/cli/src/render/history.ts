import type { HistoryView } from '../views.js';
import { paint } from './style.js';
import { shortTime } from './table.js';

type Data = { [name: string]: unknown };

/** Steps are told by their reports; what led to them is for those who ask for all. */
const untold = ['step.ordered', 'step.accepted'];

export function isTold(entry: HistoryView): boolean {
  return !untold.includes(entry.type);
}

/** One line for people. */
export function historyLine(entry: HistoryView, all = false): string {
  const head = `${paint('dim', shortTime(entry.occurredAt))}  ${mark(entry)} ${text(entry)}`;
  if (!all) return head;
  return `${head}\n${paint('dim', `${' '.repeat(23)}position ${entry.position}, ${entry.type}, by ${entry.actor}, because of ${entry.causation ?? 'a person'}`)}`;
}

function mark({ type, data }: HistoryView): string {
  const bad = type.endsWith('.failed') || type.endsWith('.rejected') || type.endsWith('.expired') || (type === 'step.reported' && data['good'] === false);
  if (bad) return paint('red', '✗');
  return type === 'step.reported' || type.endsWith('.verified') || type.endsWith('.completed') || type === 'review.accepted' ? paint('green', '✓') : '·';
}

function text({ type, data }: HistoryView): string {
  return texts[type]?.(data) ?? type;
}

const short = (value: unknown) => String(value).slice(0, 12);

const texts: { [type: string]: (data: Data) => string } = {
  'node.registered': (data) => `registered at site ${data['site'] as string} with product ${data['product'] as string}`,
  'node.relabelled': (data) => `labels are now ${JSON.stringify(data['labels'])}`,
  'node.version-observed': (data) => `runs ${data['version'] as string} (${data['source'] as string})`,
  'node.health-observed': (data) => `is ${data['health'] as string} (${data['source'] as string})`,
  'upgrade.started': (data) => `upgrade from ${data['from'] as string} to ${data['to'] as string} begins (rollout ${data['rollout'] as string})`,
  'upgrade.stop-asked': (data) => `upgrade is to end after this step: ${data['reason'] as string}`,
  'upgrade.verified': (data) => `upgraded to ${data['to'] as string}, measured`,
  'upgrade.failed': (data) => `upgrade to ${data['to'] as string} failed${data['step'] === null ? '' : ` at ${data['step'] as string}`}: ${told(data)} (${data['result'] as string})`,
  'release.installed': (data) => `release ${data['to'] as string} in place, SHA-256 ${short(data['sha256'])}`,
  'step.ordered': (data) => `ordered: ${data['title'] as string}`,
  'step.accepted': (data) => `order taken by ${data['agent'] as string}`,
  'step.reported': (data) => `${data['title'] as string}${data['good'] === true ? '' : `: ${told({ ...data, reason: data['verdict'] })}`}${found(data)}`,
  'step.reported-late': () => 'a report came too late and changes nothing',
  'step.expired': (data) => `no ${data['wait'] as string} of an order until ${shortTime(data['deadline'] as string)}`,
  'backup.created': (data) => `backup ${(data['backup'] as Data)['name'] as string}, ${String((data['backup'] as Data)['bytes'])} bytes, SHA-256 ${short((data['backup'] as Data)['sha256'])}`,
  'backup.verified': (data) => `backup ${data['name'] as string} read back, SHA-256 ${short(data['sha256'])}`,
  'backup.restored': (data) => `backup ${data['name'] as string} restored, ${data['equalsBackup'] === true ? 'equal to the backup' : 'NOT equal to the backup'}`,
  'migration.checked': (data) => (data['needed'] === true ? `settings need migration from schema ${data['fromSchema'] as string} to ${data['toSchema'] as string}` : 'settings need no migration'),
  'migration.applied': (data) => `settings migrated from schema ${data['fromSchema'] as string} to ${data['toSchema'] as string}`,
  'baseline.measured': (data) => `starts in ${data['medianMs'] as number} ms (${data['when'] as string} the change${typeof data['beforeMs'] === 'number' ? `; ${data['beforeMs']} ms before it` : ''})`,
  'validation.run': (data) => `validation suite ${data['suite'] as string}: ${String(data['passed'])} of ${String(data['total'])} passed, ${String(data['failed'])} failed`,
  'review.requested': (data) => `waits for a person until ${shortTime(data['decideBy'] as string)}: ${data['title'] as string}`,
  'review.accepted': (data) => `accepted: ${data['title'] as string}${typeof data['reason'] === 'string' ? ` (${data['reason']})` : ''}`,
  'review.rejected': (data) => `rejected: ${data['title'] as string} (${data['reason'] as string})`,
  'review.expired': (data) => `nobody decided until ${shortTime(data['deadline'] as string)}: ${data['title'] as string}`,
  'procedure.started': (data) => `procedure ${data['procedure'] as string} begins: ${data['title'] as string} (${data['id'] as string})`,
  'procedure.completed': (data) => `procedure ${data['procedure'] as string} is done${data['changed'] === true ? `, runs ${data['to'] as string}, measured` : ''}`,
  'procedure.failed': (data) => `procedure ${data['procedure'] as string} failed${data['step'] === null ? '' : ` at ${data['step'] as string}`}: ${told(data)}${data['astray'] === true ? '. This node needs care' : ''}`,
  'rollback.started': (data) => `rollback from ${data['from'] as string} to ${data['to'] as string} begins: ${data['reason'] as string}`,
  'rollback.verified': (data) => `rolled back to ${data['to'] as string}, measured`,
  'rollback.failed': (data) => `rollback failed: ${told(data)}. This node needs care`,
};

function found(data: Data): string {
  return (data['report'] as Data | undefined)?.['found'] === true ? ' (was done already)' : '';
}

/** The reason's code, and what the product said of it. */
function told({ reason, detail }: Data): string {
  return typeof detail === 'string' ? `${reason as string}: ${detail}` : (reason as string);
}
