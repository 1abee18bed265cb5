import type { Shape } from '../releases.js';
import { type Rule, fieldsOf } from './fields.js';
import { type Tree, isTree, pathsOf, valueAt } from './tree.js';

/** Everything that is wrong with the values of a shape, each line beginning with the field. */
export function problemsOf(values: Tree, shape: Shape): string[] {
  const fields = fieldsOf[shape];
  const problems: string[] = [];
  for (const [path, rule] of Object.entries(fields)) {
    const value = valueAt(values, path);
    if (value === undefined) problems.push(`${path}: is missing`);
    else if (!fits(rule, value)) problems.push(`${path}: ${JSON.stringify(value)} is not ${describe(rule)}`);
  }
  for (const path of pathsOf(values, (deeper) => Object.hasOwn(fields, deeper))) {
    const isField = Object.hasOwn(fields, path);
    const isSection = Object.keys(fields).some((field) => field.startsWith(`${path}.`));
    if (isField || isSection) continue;
    problems.push(`${path}: is not a setting; your own settings go on the top level`);
  }
  return problems;
}

function fits(rule: Rule, value: unknown): boolean {
  switch (rule.is) {
    case 'flag':
      return typeof value === 'boolean';
    case 'number':
      return typeof value === 'number' && value >= rule.min && value <= rule.max;
    case 'whole number':
      return Number.isInteger(value) && (value as number) >= rule.min && (value as number) <= rule.max;
    case 'text':
      return isText(value) && value !== '';
    case 'address':
      return isText(value) && /^(https?:\/\/[^\s/]+|\/)\S*$/.test(value);
    case 'list of texts':
      return Array.isArray(value) && value.every(isText);
    case 'labels':
      return isTree(value) && Object.values(value).every(isText);
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function describe(rule: Rule): string {
  switch (rule.is) {
    case 'flag':
      return 'true or false';
    case 'number':
    case 'whole number':
      return `a ${rule.is} from ${rule.min} to ${rule.max}`;
    case 'text':
      return 'a text';
    case 'address':
      return 'an http address or a path that begins with /';
    case 'list of texts':
      return 'a list of texts';
    case 'labels':
      return 'an object of texts';
  }
}
