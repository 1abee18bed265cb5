import fc from 'fast-check';
import { newSigner } from '../../../../test/support/messages.js';
import { openPass, publicKeyId, sealPass } from './pass.js';

const agent = newSigner('agent-1');
const other = newSigner('agent-2');
const now = Date.parse('2026-01-16T09:00:00.000Z');
const pass = (over: object = {}, by = agent) => sealPass({ site: 'north', agent: 'agent-1', at: new Date(now).toISOString(), ...over }, by.key, by.keyId);
const open = (header: string, nowMs = now, site = 'north') => openPass(header, site, [agent.known], nowMs);

it('says who shows it', () => {
  expect(open(pass())).toBe('agent-1');
  expect(pass()).toMatch(/^[A-Za-z0-9_-]+$/);
});

it.each([
  ['good', 'at the same instant', 0], ['good', 'from five minutes ago', -300_000], ['good', 'from five minutes to come', 300_000],
  ['not good', 'from a little longer ago', -300_001], ['not good', 'from a little later than that', 300_001],
  ['not good', 'from yesterday', -86_400_000], ['not good', 'from tomorrow', 86_400_000],
])('is %s %s', (good, _, ms) => {
  expect(open(pass(), now - ms)).toBe(good === 'good' ? 'agent-1' : undefined);
});

it('is good for its site alone', () => {
  expect(open(pass(), now, 'south')).toBeUndefined();
  expect(open(pass({ site: 'south' }))).toBeUndefined();
});

it('is not good from a key that is not of the site', () => {
  expect(open(pass({}, other))).toBeUndefined();
  expect(open(sealPass({ site: 'north', agent: 'agent-1', at: new Date(now).toISOString() }, other.key, agent.keyId))).toBeUndefined();
  expect(openPass(pass(), 'north', [], now)).toBeUndefined();
});

it.each([['no time', { at: undefined }], ['no instant', { at: '2026-99-16T09:00:00.000Z' }], ['something added', { admin: 'yes' }], ['a name that is none', { agent: 'A' }]])(
  'with %s is not good', (_, over) => {
    const whole = JSON.parse(JSON.stringify({ site: 'north', agent: 'agent-1', at: new Date(now).toISOString(), ...over })) as Parameters<typeof sealPass>[0];
    expect(open(sealPass(whole, agent.key, agent.keyId))).toBeUndefined();
  },
);

it('is nobody\'s when it is rubbish, and never throws', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.base64String()), (header) => expect(open(header)).toBeUndefined()));
});

it('is not good any more when a bit of it is turned', () => {
  const bytes = Buffer.from(pass(), 'base64url');
  fc.assert(fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
    const turned = Buffer.from(bytes);
    turned[bit >> 3]! ^= 1 << (bit & 7);
    // The last digits of a base64 text may carry bits that mean nothing.
    expect([undefined, 'agent-1']).toContain(open(turned.toString('base64url')));
    const { payload } = JSON.parse(bytes.toString()) as { payload: string };
    const body = Buffer.from(payload, 'base64');
    body[(bit >> 3) % body.length]! ^= 1 << (bit & 7);
    const whole = { ...(JSON.parse(bytes.toString()) as object), payload: body.toString('base64') };
    expect(open(Buffer.from(JSON.stringify(whole)).toString('base64url'))).toBeUndefined();
  }), { numRuns: 200 });
});

it('names Ed25519 keys alone', () => {
  expect(publicKeyId(agent.known.publicKey)).toBe(agent.keyId);
  for (const pem of ['', 'key', agent.known.publicKey.replace('PUBLIC', 'PRIVATE')]) expect(publicKeyId(pem)).toBeUndefined();
});
