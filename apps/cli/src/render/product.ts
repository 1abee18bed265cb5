import type { ProductView, ReleaseView } from '../views.js';
import { paint } from './style.js';
import { shortTime, table } from './table.js';

export interface CertificationView {
  version: string;
  cases: number;
  verified: number;
  rollbacksProven: number;
}

const colours: { [support: string]: Parameters<typeof paint>[0] } = { current: 'green', deprecated: 'yellow', 'end-of-life': 'red', scheduled: 'dim' };

export function renderProduct(product: ProductView, certification: readonly CertificationView[]): string {
  const { name, asOf, managed, releases, cycles, next, paths, methods, downgrades, procedures, requires, runbooks } = product;
  const sections = [
    `${paint('bold', name)}, as of ${asOf}`,
    managed ? releaseTable(releases, certification) : cycleTable(releases),
    ...(next === null ? [] : [`Next scheduled release: ${next.version} (${next.on})`]),
    ...marksOf(releases),
    ...(paths.length === 0 ? [] : [table(['FROM', 'TO', 'MIGRATION', 'UPGRADE BY', 'BACK BY'], paths.map((path) => [path.from.join(', '), path.to, path.migration, path.upgrade.join(', '), path.rollback.join(', ')]))]),
    ...(methods.length === 0 ? [] : [table(['METHOD', 'FOR NODES WITH', 'INSTALL BY', 'BACK BY'], methods.map((one) => [one.method, conditions(one.when), one.install.join(', '), one.rollback.join(', ')]))]),
    ...(downgrades.length === 0 ? [] : [table(['BACK FROM', 'TO', 'BY'], downgrades.map((one) => [one.from.join(', '), one.to, one.reason ?? one.runbooks.join(', ')]))]),
    ...(procedures.length === 0 ? [] : [table(['PROCEDURE', 'TO', 'BY', 'TITLE'], procedures.map((one) => [one.procedure, one.to ?? '-', one.runbooks.join(', '), one.title]))]),
    ...(requires.length === 0 ? [] : [table(['FROM', 'TO', 'ONLY BY', 'BECAUSE'], requires.map((one) => [one.from.join(', '), one.to, one.via, one.reason]))]),
    ...(runbooks.length === 0 ? [] : [table(['RUNBOOK', 'STEPS', 'DIGEST', 'TITLE'], runbooks.map(({ runbook, digest, content }) => [runbook, String(content.steps.length), digest.slice(0, 12), content.title]))]),
    ...(cycles.length === 0 ? [] : [`Life cycle, as its project tells it:\n\n${cycleTable(cycles)}`]),
  ];
  return sections.join('\n\n');
}

function releaseTable(releases: readonly ReleaseView[], certification: readonly CertificationView[]): string {
  const evidence = new Map(certification.map((one) => [one.version, one]));
  return table(['RELEASE', 'SUPPORT', 'RELEASED', 'SUPPORT ENDS', 'CASES', 'VERIFIED', 'ROLLBACKS PROVEN', 'BREAKING CHANGES'], releases.map((release) => {
    const seen = evidence.get(release.version);
    return [
      release.version, support(release), out(release), release.supportEnds ?? '-', String(seen?.cases ?? 0), String(seen?.verified ?? 0),
      String(seen?.rollbacksProven ?? 0), release.breaking.join(', ') || '-',
    ];
  }));
}

function cycleTable(cycles: readonly ReleaseView[]): string {
  return table(['CYCLE', 'SUPPORT', 'RELEASED', 'ACTIVE UNTIL', 'SUPPORTED UNTIL', 'LATEST', 'LABEL'], cycles.map((one) => [
    one.version, support(one), out(one), one.activeSupportEnds ?? '-', one.supportEnds ?? '-', one.cycle?.latest ?? '-', one.cycle?.label ?? '-',
  ]));
}

function support(release: ReleaseView): string {
  const colour = colours[release.support];
  return colour === undefined ? release.support : paint(colour, release.support);
}

function out({ released, scheduled }: ReleaseView): string {
  return released ?? (scheduled === null ? '-' : paint('dim', `planned ${scheduled}`));
}

function marksOf(releases: readonly ReleaseView[]): string[] {
  const rows = releases.flatMap(({ version, marks }) => marks.map((one) => [version, one.mark, shortTime(one.from), shortTime(one.until), one.reason]));
  return rows.length === 0 ? [] : [table(['RELEASE', 'MARK', 'SINCE', 'UNTIL', 'REASON'], rows)];
}

function conditions(when: { [name: string]: string }): string {
  return Object.entries(when).map(([name, value]) => `${name}=${value}`).join(', ') || '-';
}
