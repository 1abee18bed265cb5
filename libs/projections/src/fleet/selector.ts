import type { SelectQueryBuilder } from 'typeorm';
import { namePattern, refuse, versionPattern } from '#domain';
import type { Refusal } from '#domain';
import type { FleetNode } from './fleet.entity.js';

/** One part of a selector: which nodes it stands for. */
export type Term =
  | { by: 'all' }
  | { by: 'name'; name: string }
  | { by: 'pattern'; like: string }
  | { by: 'site' | 'version' | 'state' | 'product'; value: string }
  | { by: 'label'; name: string; value: string };

/** `all`, a name, `web-*`, `site=home`, `version=v0.6.2`, `label.tier=web`; parts separated by commas add up. */
export function parseSelector(selector: string): { terms: Term[] } | { refusal: Refusal } {
  const parts = selector.split(',').map((part) => part.trim());
  const terms: Term[] = [];
  for (const part of parts) {
    const term = parseTerm(part);
    if (typeof term === 'string') return refuse('selector-invalid', { selector, problem: term });
    terms.push(term);
  }
  return { terms };
}

function parseTerm(part: string): Term | string {
  if (part === '') return 'a part of it is empty';
  if (part === 'all') return { by: 'all' };
  const equals = part.indexOf('=');
  if (equals >= 0) return parseField(part.slice(0, equals), part.slice(equals + 1));
  if (namePattern.test(part)) return { by: 'name', name: part };
  if (/^[a-z0-9.*-]{1,63}$/.test(part)) return { by: 'pattern', like: part.replaceAll('*', '%') };
  return `${part} is neither a name nor a pattern`;
}

function parseField(field: string, value: string): Term | string {
  if (value === '') return `${field}= has no value`;
  if (field === 'site' || field === 'state' || field === 'product') return { by: field, value };
  if (field === 'version') return versionPattern.test(value) ? { by: 'version', value } : `${value} is not a version`;
  const label = /^label\.([A-Za-z0-9][A-Za-z0-9._/-]{0,62})$/.exec(field)?.[1];
  if (label !== undefined) return { by: 'label', name: label, value };
  return `${field} is not a field; fields are site, version, state, product and label.NAME`;
}

/** Restricts a query to the nodes that a term stands for; values go as parameters. */
export function whereTerm(query: SelectQueryBuilder<FleetNode>, term: Term): SelectQueryBuilder<FleetNode> {
  switch (term.by) {
    case 'all':
      return query;
    case 'name':
      return query.andWhere('n.node = :name', { name: term.name });
    case 'pattern':
      return query.andWhere('n.node like :like', { like: term.like });
    case 'label':
      return query.andWhere('n.labels ->> :label = :value', { label: term.name, value: term.value });
    case 'site':
    case 'version':
    case 'state':
    case 'product':
      return query.andWhere(`n.${term.by} = :value`, { value: term.value });
  }
}
