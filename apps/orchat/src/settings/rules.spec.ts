import { Refusal } from '../refusal.js';
import { type Shape, releaseNamed } from '../releases.js';
import { requireAllowed } from './rules.js';

function verdict(running: string, found: Shape, to: string, from?: string): string {
  try {
    requireAllowed({
      running: releaseNamed(running)!,
      found,
      from: from === undefined ? undefined : releaseNamed(from),
      to: releaseNamed(to)!,
    });
    return 'allowed';
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

describe('a migration of settings', () => {
  it.each<[string, Shape, string, string | undefined, string]>([
    ['v0.7.0', 'schema3-metrics', 'v0.7.0', 'v0.6.2', 'allowed'],
    ['v0.7.0', 'schema3-metrics', 'v0.7.0', undefined, 'allowed'],
    ['v0.7.0', 'schema4', 'v0.7.0', 'v0.6.2', 'allowed'],
    ['v0.7.0', 'schema3', 'v0.7.0', 'v0.5', 'allowed'],
    ['v0.7.0', 'schema3', 'v0.7.0', undefined, 'origin-needed'],
    ['v0.7.0', 'schema3', 'v0.7.0', 'v0.6.2', 'other-settings'],
    ['v0.7.0', 'schema2', 'v0.7.0', 'v0.4', 'fresh-install'],
    ['v0.7.0', 'schema4', 'v0.6.2', undefined, 'allowed'],
    ['v0.6.2', 'schema4', 'v0.6.2', undefined, 'allowed'],
    ['v0.6.0', 'schema4', 'v0.6.0', undefined, 'unknown-settings'],
    ['v0.6.2', 'schema3-metrics', 'v0.7.0', undefined, 'install-first'],
    ['v0.5.0', 'schema2', 'v0.5.0', 'v0.4', 'allowed'],
  ])('by %s of %s to %s, said to be from %s, is %s', (running, found, to, from, wanted) => {
    expect(verdict(running, found, to, from)).toBe(wanted);
  });
});
