import fc from 'fast-check';
import { incarnation, newSigner, orderBody, signedText } from '../../../../test/support/messages.js';
import { orderType, sealOrder } from '../orders/order.js';
import { isReceipt, openReceipt, receiptType, reportsInReceipt, sealReceipt } from './receipt.js';
import type { ReceiptBody } from './receipt.js';

const service = newSigner('service');
const stranger = newSigner('stranger');
const body: ReceiptBody = { site: 'north', agent: 'agent-1', incarnation, taken: [1, 2, 5], refused: [{ sequence: 3, code: 'order-unknown' }] };

function opened(any: object): string {
  const result = openReceipt(signedText(receiptType, JSON.stringify(any), service), service.keys);
  return result.ok ? 'ok' : `${result.reason}: ${result.problem}`;
}

it('opens to what was sealed', () => {
  expect(openReceipt(sealReceipt(body, service.key), service.keys)).toEqual({ ok: true, body, keyId: service.keyId });
});

it('refuses a receipt that another signed', () => {
  expect(openReceipt(sealReceipt(body, stranger.key), service.keys)).toMatchObject({ reason: 'unknown-key' });
  expect(openReceipt(sealReceipt(body, stranger.key, service.keyId), service.keys)).toMatchObject({ reason: 'bad-signature' });
});

it('opens to the same or is refused when one bit is turned', () => {
  const bytes = sealReceipt(body, service.key);
  fc.assert(fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
    const turned = Buffer.from(bytes);
    turned[bit >> 3]! ^= 1 << (bit & 7);
    const result = openReceipt(turned, service.keys);
    if (result.ok) expect(result.body).toEqual(body);
  }), { numRuns: 300 });
});

it('tells receipts from orders and from rubbish before anything is opened', () => {
  expect(isReceipt(sealReceipt(body, service.key))).toBe(true);
  expect(isReceipt(sealOrder(orderBody(), service.key))).toBe(false);
  for (const text of ['', 'x', 'null', '7', '[]', '{}', `{"payloadType":"${orderType}"}`]) expect(isReceipt(Buffer.from(text))).toBe(false);
});

it('names as many reports as a receipt may, and not one more', () => {
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
  expect(opened({ ...body, taken: numbers(reportsInReceipt) })).toBe('ok');
  expect(opened({ ...body, taken: numbers(reportsInReceipt + 1) })).toMatch(/^invalid: taken/);
});

it.each([
  ['site', 'North'], ['agent', ''], ['incarnation', 'z'], ['taken', 1], ['taken', ['1']], ['taken', [0]], ['taken', null], ['refused', {}], ['refused', [7]],
  ['refused', [{ sequence: 1 }]], ['refused', [{ sequence: 0, code: 'x' }]], ['refused', [{ sequence: 1, code: 'x\u0000' }]],
  ['refused', [{ sequence: 1, code: 'x', why: 'y' }]], ['more', 1],
])('refuses a receipt whose %s is %j', (field, value) => {
  expect(opened({ ...body, [field]: value })).toMatch(new RegExp(`^invalid: ${field}`));
});

it.each(Object.keys(body))('refuses a receipt without %s', (field) => {
  const { [field as keyof ReceiptBody]: _, ...rest } = body;
  expect(opened(rest)).toMatch(new RegExp(`^invalid: ${field}`));
});
