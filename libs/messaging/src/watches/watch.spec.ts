import { keyIdOf, newSigningKey } from '#proof';
import { openOrder } from '../orders/order.js';
import { openWatch, sealWatch } from './watch.js';

const service = newSigningKey();
const keys = new Map([[keyIdOf(service.publicKey), service.publicKey]]);
const body = { site: 'local', node: 'n-1', everySeconds: 5, until: '2026-01-16T10:00:00.000Z', position: 7 };

it('is believed when the service has signed it', () => {
  expect(openWatch(sealWatch(body, service.privateKey), keys)).toMatchObject({ ok: true, body });
});

it('is refused from anybody else, and when it makes no sense', () => {
  expect(openWatch(sealWatch(body, newSigningKey().privateKey), keys)).toMatchObject({ ok: false, reason: 'unknown-key' });
  expect(openWatch(sealWatch({ ...body, everySeconds: 0 }, service.privateKey), keys)).toMatchObject({ ok: false, reason: 'invalid' });
});

it('is no order, and an order is none', () => {
  expect(openOrder(sealWatch(body, service.privateKey), keys).ok).toBe(false);
  expect(openWatch(Buffer.from('{"payloadType":"application/vnd.rollbook.order.v1+json"}'), keys)).toBeUndefined();
  expect(openWatch(Buffer.from('rubbish'), keys)).toBeUndefined();
});
