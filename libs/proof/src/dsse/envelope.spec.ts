import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { keyIdOf, openDsse, preAuthEncoding, signDsse } from './envelope.js';
import type { DsseEnvelope } from './envelope.js';
import { newSigningKey } from './keys.js';

const type = 'application/vnd.rollbook.test+json';
const key = newSigningKey();
const other = newSigningKey();
const keyId = keyIdOf(key.publicKey);
const keys = new Map([[keyId, key.publicKey]]);
const body = Buffer.from('{"order":"r-1.n-1.1.0.1"}');
const sealed = signDsse(type, body, key.privateKey);
const failure = (value: unknown, among: ReadonlyMap<string, KeyObject> = keys, wanted = type) => {
  const opened = openDsse(value, wanted, among);
  return opened.ok ? 'opened' : opened.failure;
};
const withSignature = (sig: string, keyid = keyId): DsseEnvelope => ({ ...sealed, signatures: [{ keyid, sig }] });

describe('the pre-authentication encoding', () => {
  it('is the one of the published example', () => {
    const encoded = preAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello world'));
    expect(encoded.toString()).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
  });

  it('is what the published signature of that example was made over', () => {
    // ECDSA over P-256 and SHA-256, as secure-systems-lab/dsse has it in protocol.md (Apache-2.0).
    const coordinate = (decimal: bigint) => Buffer.from(decimal.toString(16).padStart(64, '0'), 'hex').toString('base64url');
    const x = coordinate(46950820868899156662930047687818585632848591499744589407958293238635476079160n);
    const y = coordinate(5640078356564379163099075877009565129882514886557779369047442380624545832820n);
    const published = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
    const sig = Buffer.from('A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==', 'base64');
    const holds = (encoded: Buffer) => verify('sha256', encoded, { key: published, dsaEncoding: 'ieee-p1363' }, sig);
    expect(holds(preAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello world')))).toBe(true);
    expect(holds(preAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello worle')))).toBe(false);
  });

  it('counts bytes, not characters, and takes whatever bytes as they are', () => {
    expect(preAuthEncoding('é', Buffer.from('€'))).toEqual(Buffer.from('DSSEv1 2 é 3 €'));
    expect(preAuthEncoding('', Buffer.alloc(0))).toEqual(Buffer.from('DSSEv1 0  0 '));
    expect(preAuthEncoding('t', Buffer.from([0, 255]))).toEqual(Buffer.concat([Buffer.from('DSSEv1 1 t 2 '), Buffer.from([0, 255])]));
  });

  it('is never the same for two pairs of type and body', () => {
    const text = fc.oneof(fc.constantFrom('', ' ', '1', 'a 1 b', '1 ', ' 1'), fc.string({ unit: 'grapheme', maxLength: 8 }));
    fc.assert(fc.property(text, text, text, text, (type1, body1, type2, body2) => {
      const same = preAuthEncoding(type1, Buffer.from(body1)).equals(preAuthEncoding(type2, Buffer.from(body2)));
      expect(same).toBe(type1 === type2 && body1 === body2);
    }), { numRuns: 500 });
  });
});

describe('an envelope', () => {
  it('opens to the bytes that were signed, whatever they are', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.string({ maxLength: 30 }), (bytes, payloadType) => {
      const envelope = JSON.parse(JSON.stringify(signDsse(payloadType, bytes, key.privateKey))) as unknown;
      expect(openDsse(envelope, payloadType, keys)).toEqual({ ok: true, payload: Buffer.from(bytes), keyid: keyId });
    }), { numRuns: 50 });
  });

  it('names its key by the digest of the public one, from either half', () => {
    expect(keyIdOf(key.privateKey)).toBe(keyIdOf(key.publicKey));
    expect(keyIdOf(key.publicKey)).toMatch(/^[0-9a-f]{64}$/);
    expect(keyIdOf(other.publicKey)).not.toBe(keyId);
    expect(sealed.signatures).toEqual([{ keyid: keyId, sig: expect.stringMatching(/^[A-Za-z0-9+/]{86}==$/) as string }]);
  });

  it('is refused with a single bit of its payload or its signature flipped', () => {
    const flip = (bytes: Buffer, bit: number) => bytes.with(bit >> 3, bytes[bit >> 3]! ^ (1 << (bit & 7)));
    const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
    const sig = Buffer.from(sealed.signatures[0]!.sig, 'base64');
    for (let bit = 0; bit < body.length * 8; bit++) expect([bit, failure({ ...sealed, payload: text(flip(body, bit)) })]).toEqual([bit, 'bad-signature']);
    for (let bit = 0; bit < sig.length * 8; bit++) expect([bit, failure(withSignature(text(flip(sig, bit))))]).toEqual([bit, 'bad-signature']);
  });

  it('is refused with a single bit of any of its texts flipped: nobody can alter it and have it accepted', () => {
    const flipped = (text: string, at: number, bit: number) => text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << bit)) + text.slice(at + 1);
    for (const bit of [0, 1, 2, 3, 4, 5, 6]) {
      const { payload, payloadType, signatures: [{ sig }] } = sealed as DsseEnvelope & { signatures: [{ sig: string }] };
      for (let i = 0; i < payload.length; i++) expect(failure({ ...sealed, payload: flipped(payload, i, bit) })).not.toBe('opened');
      for (let i = 0; i < payloadType.length; i++) expect(failure({ ...sealed, payloadType: flipped(payloadType, i, bit) })).toBe('wrong-type');
      for (let i = 0; i < sig.length; i++) expect(failure(withSignature(flipped(sig, i, bit)))).not.toBe('opened');
    }
  });

  it('is refused for another type, though that type is what it says', () => {
    expect(failure(sealed, keys, 'application/json')).toBe('wrong-type');
    expect(failure({ ...sealed, payloadType: 'application/json' }, keys, 'application/json')).toBe('bad-signature');
  });

  it('is refused by who does not hold its key, and by nobody\'s keys', () => {
    expect(failure(sealed, new Map([[keyIdOf(other.publicKey), other.publicKey]]))).toBe('unknown-key');
    expect(failure(sealed, new Map())).toBe('unknown-key');
  });

  it('is not believed for the key that it names: the signature decides', () => {
    const forged = signDsse(type, body, other.privateKey, keyId);
    expect(failure(forged)).toBe('bad-signature');
    expect(failure(withSignature(sealed.signatures[0]!.sig, 'f'.repeat(64)))).toBe('unknown-key');
    const both = new Map([...keys, [keyIdOf(other.publicKey), other.publicKey]]);
    expect(openDsse(signDsse(type, body, other.privateKey), type, both)).toMatchObject({ ok: true, keyid: keyIdOf(other.publicKey) });
    expect(failure(withSignature(sealed.signatures[0]!.sig, keyIdOf(other.publicKey)), both)).toBe('bad-signature');
  });

  it('of several signatures opens by one that holds, among some that do not', () => {
    const forged = signDsse(type, body, other.privateKey, keyId).signatures;
    const stranger = signDsse(type, body, other.privateKey).signatures;
    const broken = [{ keyid: keyId, sig: 'not base64!' }];
    expect(openDsse({ ...sealed, signatures: [...stranger, ...forged, ...broken, ...sealed.signatures] }, type, keys)).toMatchObject({ ok: true, keyid: keyId });
    expect(failure({ ...sealed, signatures: [...stranger, ...forged] })).toBe('bad-signature');
    expect(failure({ ...sealed, signatures: [...stranger, ...broken] })).toBe('unknown-key');
  });
});

describe('base64', () => {
  // Bytes that need the characters by which the two alphabets differ, and padding.
  const bytes = Buffer.from([0xfb, 0xff, 0xbf, 0xfe]);
  const { signatures } = signDsse(type, bytes, key.privateKey);
  const sig = Buffer.from(signatures[0]!.sig, 'base64');

  it.each(['+/+//g==', '-_-__g==', '+/+//g', '-_-__g'])('is read in either alphabet, with padding or without: %s', (payload) => {
    expect(openDsse({ payload, payloadType: type, signatures }, type, keys)).toMatchObject({ ok: true, payload: bytes });
  });

  it('is read so in signatures too', () => {
    for (const text of [sig.toString('base64'), sig.toString('base64url')]) {
      expect(failure({ payload: '+/+//g==', payloadType: type, signatures: [{ keyid: keyId, sig: text }] })).toBe('opened');
    }
  });

  it.each(['+/+//h==', '+/+//g=', '+/+//g===', '+_+//g==', '+/+//g== ', ' +/+//g==', '+/+//g\n==', '+/+//g==A', '+/+//g=A', '*', 'A', '='])(
    'is refused where bits or characters are left over: %j',
    (payload) => {
      expect(failure({ payload, payloadType: type, signatures })).toBe('malformed');
    },
  );
});

describe('what is no envelope is refused before anything is verified', () => {
  const signature = sealed.signatures[0]!;
  it.each<[string, unknown]>([
    ['nothing', undefined], ['null', null], ['a text', 'DSSE'], ['a number', 7], ['a list', [sealed]], ['an empty object', {}],
    ['no payload', { ...sealed, payload: undefined }], ['a payload that is no text', { ...sealed, payload: 7 }],
    ['no type', { ...sealed, payloadType: null }], ['no signatures', { ...sealed, signatures: undefined }],
    ['signatures that are no list', { ...sealed, signatures: signature }], ['an empty list of signatures', { ...sealed, signatures: [] }],
    ['a signature that is null', { ...sealed, signatures: [null] }], ['a signature that is a text', { ...sealed, signatures: ['x'] }],
    ['a signature without a key id', { ...sealed, signatures: [{ sig: signature.sig }] }],
    ['a signature without a signature', { ...sealed, signatures: [{ keyid: keyId }] }],
    ['one good signature and one that is none', { ...sealed, signatures: [signature, 7] }],
    ['more signatures than anybody needs', { ...sealed, signatures: Array.from({ length: 17 }, () => signature) }],
  ])('%s', (_, value) => {
    expect(failure(value)).toBe('malformed');
  });

  it('and an envelope with as many signatures as are allowed is one', () => {
    expect(failure({ ...sealed, signatures: Array.from({ length: 16 }, () => signature) })).toBe('opened');
  });
});

it('works with Ed25519 keys alone: another key is a mistake of who holds it, not of who signed', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  expect(() => signDsse(type, body, ec.privateKey)).toThrow('must be Ed25519, not ec');
  expect(() => failure(sealed, new Map([[keyId, ec.publicKey]]))).toThrow('must be Ed25519, not ec');
});
