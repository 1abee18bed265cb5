import { createRequire } from 'node:module';
import { missingRequests, requestsMade } from './broker-check.js';

interface Definitions {
  requests: Record<string, { versions: string[] }>;
}

describe('the table of requests', () => {
  it('is what the installed kafkajs implements', () => {
    const require = createRequire(import.meta.url);
    const { requests } = require('kafkajs/src/protocol/requests') as Definitions;
    const keys = require('kafkajs/src/protocol/requests/apiKeys') as Record<string, number>;
    for (const [name, { key, min, max }] of Object.entries(requestsMade)) {
      const versions = requests[name]!.versions.map(Number);
      expect({ name, key, min, max }).toEqual({
        name,
        key: keys[name],
        min: Math.min(...versions),
        max: Math.max(...versions),
      });
    }
  });
});

describe('missingRequests', () => {
  const needed = { Fetch: { key: 1, min: 0, max: 11 } };

  it.each([
    ['the same range', { min: 0, max: 11 }],
    ['a newer broker that kept the old versions', { min: 4, max: 18 }],
    ['a broker whose oldest is our newest', { min: 11, max: 18 }],
    ['an older broker', { min: 0, max: 3 }],
  ])('is content with %s', (_, range) => {
    expect(missingRequests(needed, new Map([[1, range]]))).toEqual([]);
  });

  it('names what a broker has dropped or never had', () => {
    expect(missingRequests(needed, new Map([[1, { min: 12, max: 20 }]]))).toEqual([
      'Fetch needs version 0 to 11, the broker has 12 to 20',
    ]);
    expect(
      missingRequests({ OffsetFetch: { key: 9, min: 1, max: 4 } }, new Map([[9, { min: 0, max: 0 }]])),
    ).toEqual(['OffsetFetch needs version 1 to 4, the broker has 0 to 0']);
    expect(missingRequests(needed, new Map())).toEqual(['Fetch is not served']);
  });
});
