import fc from 'fast-check';
import { canonicalJson } from '#proof';
import { newSigner, orderBody, signedText } from '../../../../test/support/messages.js';
import { receiptType } from '../receipts/receipt.js';
import { openOrder, orderType, sealOrder } from './order.js';
import type { OrderBody } from './order.js';

const service = newSigner('service');
const stranger = newSigner('stranger');

/** What opening says of a body that the service itself has signed. */
function opened(body: object): string {
  const result = openOrder(signedText(orderType, JSON.stringify(body), service), service.keys);
  return result.ok ? 'ok' : `${result.reason}: ${result.problem}`;
}

it('opens to what was sealed, under the key that sealed it', () => {
  const body = orderBody({ parameters: { to: 'v1.10', backup: 'b-ü-💾' } });
  expect(openOrder(sealOrder(body, service.key), service.keys)).toEqual({ ok: true, body, keyId: service.keyId });
});

it('signs the canonical form, whatever the order of the fields', () => {
  const body = orderBody();
  const turned = Object.fromEntries(Object.entries(body).reverse()) as unknown as OrderBody;
  expect(sealOrder(turned, service.key)).toEqual(sealOrder(body, service.key));
  const { payload } = JSON.parse(sealOrder(body, service.key).toString()) as { payload: string };
  expect(Buffer.from(payload, 'base64').toString()).toBe(canonicalJson(body));
});

it('refuses a key that is not known, also under the id of one that is', () => {
  const body = orderBody();
  expect(openOrder(sealOrder(body, stranger.key), service.keys)).toMatchObject({ ok: false, reason: 'unknown-key' });
  expect(openOrder(sealOrder(body, stranger.key, service.keyId), service.keys)).toMatchObject({ ok: false, reason: 'bad-signature' });
});

it('refuses what was signed as something else', () => {
  const receipt = signedText(receiptType, JSON.stringify(orderBody()), service);
  expect(openOrder(receipt, service.keys)).toMatchObject({ ok: false, reason: 'wrong-type' });
  const renamed = Buffer.from(receipt.toString().replace(receiptType, orderType));
  expect(openOrder(renamed, service.keys)).toMatchObject({ ok: false, reason: 'bad-signature' });
});

it('opens to the same or is refused when one bit is turned, wherever it stands', () => {
  const bytes = sealOrder(orderBody(), service.key);
  const body = orderBody();
  fc.assert(fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
    const turned = Buffer.from(bytes);
    turned[bit >> 3]! ^= 1 << (bit & 7);
    const result = openOrder(turned, service.keys);
    // Some bits of the last base64 digit carry nothing; then the very same bytes were verified.
    if (result.ok) expect(result.body).toEqual(body);
  }), { numRuns: 400 });
});

it('refuses any other payload under the same signature', () => {
  const envelope = JSON.parse(sealOrder(orderBody(), service.key).toString()) as { payload: string };
  const payload = Buffer.from(envelope.payload, 'base64');
  fc.assert(fc.property(fc.nat(payload.length * 8 - 1), (bit) => {
    const turned = Buffer.from(payload);
    turned[bit >> 3]! ^= 1 << (bit & 7);
    const bytes = Buffer.from(JSON.stringify({ ...envelope, payload: turned.toString('base64') }));
    expect(openOrder(bytes, service.keys)).toMatchObject({ ok: false, reason: 'bad-signature' });
  }), { numRuns: 200 });
});

it.each([
  ['nothing', ''], ['half a text', '{"payload":"'], ['a number', '7'], ['null', 'null'], ['a list', '[]'],
  ['an object of something else', '{"orders":[]}'], ['a nest without end', '['.repeat(100_000)],
  ['no signature', '{"payload":"","payloadType":"x","signatures":[]}'],
])('takes %s for malformed', (_, text) => {
  expect(openOrder(Buffer.from(text), service.keys)).toMatchObject({ ok: false, reason: 'malformed' });
});

it.each(Object.keys(orderBody()))('refuses an order without %s', (field) => {
  const { [field as keyof OrderBody]: _, ...rest } = orderBody();
  expect(opened(rest)).toMatch(new RegExp(`^invalid: ${field}: `));
});

it.each([
  ['order', ''], ['order', '../x'], ['site', 'North'], ['node', 'a/b'], ['node', 'n'.repeat(64)], ['product', 7], ['rollout', 'r'.repeat(65)],
  ['rollout', 'r\u0000'], ['rollout', '\ud800'], ['phase', 'sideways'], ['epoch', 0], ['epoch', 1.5], ['epoch', '1'], ['runbook', '-x'], ['digest', 'A'.repeat(64)],
  ['step', null], ['parameters', null], ['parameters', []], ['parameters', { to: 1 }], ['parameters', { '-to': 'x' }],
  ['parameters', { to: 'x'.repeat(501) }], ['parameters', { to: 'a\u0000b' }], ['parameters', { to: '\udc00' }],
  ['parameters', Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`p${i}`, '']))],
  ['parameters', Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`p${i}`, 'x'.repeat(500)]))],
  ['timeoutSeconds', 0], ['timeoutSeconds', 86_401], ['issuedAt', '2026-02-30T00:00:00.000Z'], ['expiresAt', '2026-01-16T24:00:00.000Z'],
  ['expiresAt', '2026-01-16T09:00:00Z'], ['expiresAt', '1969-12-31T23:59:59.999Z'], ['expiresAt', 0], ['position', 0], ['position', Infinity],
].map(([field, value]) => [field as string, JSON.stringify(value).slice(0, 40), value]))('refuses an order whose %s is %s', (field, _, value) => {
  expect(opened({ ...orderBody(), [field]: value })).toMatch(new RegExp(`^invalid: ${String(field)}`));
});

it('refuses what it does not know, also under names that every object has', () => {
  for (const field of ['script', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']) {
    expect(opened({ ...orderBody(), [field]: 'rm' })).toMatch(/^invalid: .*(should not exist|has a field with the name)/);
  }
  const whole = JSON.stringify(orderBody());
  for (const text of [`${whole.slice(0, -1)},"__proto__":{"script":"rm"}}`, whole.replace('{"to":', '{"__proto__":{},"to":')]) {
    const result = openOrder(signedText(orderType, text, service), service.keys);
    expect(result).toMatchObject({ ok: false, reason: 'invalid', problem: expect.stringContaining('"__proto__"') as string });
  }
});

it.each([['a list', '[]'], ['a text', '"order"'], ['null', 'null'], ['no JSON', 'order: 1'], ['nothing', '']])('refuses a payload that is %s', (_, text) => {
  expect(openOrder(signedText(orderType, text, service), service.keys)).toMatchObject({ ok: false, reason: 'invalid' });
});

it('refuses a payload that goes down without end, instead of following it', () => {
  const text = JSON.stringify(orderBody()).replace('{"to":"v1.10"}', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`);
  expect(openOrder(signedText(orderType, text, service), service.keys)).toMatchObject({ ok: false, problem: expect.stringContaining('nests more deeply') as string });
});
