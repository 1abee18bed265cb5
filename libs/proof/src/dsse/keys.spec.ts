import { generateKeyPairSync } from 'node:crypto';
import { openDsse, signDsse, keyIdOf } from './envelope.js';
import { newSigningKey, privateKeyPem, publicKeyPem, readPrivateKey, readPublicKey } from './keys.js';

const key = newSigningKey();
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = publicKeyPem(key.publicKey);

it('reads back what it writes', () => {
  const read = readPrivateKey(privateKeyPem(key.privateKey));
  expect(read.publicKey.equals(key.publicKey)).toBe(true);
  expect(readPublicKey(pem).equals(key.publicKey)).toBe(true);
  const sealed = signDsse('t', Buffer.from('x'), read.privateKey);
  expect(openDsse(sealed, 't', new Map([[keyIdOf(key.publicKey), readPublicKey(pem)]]))).toMatchObject({ ok: true });
});

it('makes another key each time', () => {
  expect(newSigningKey().publicKey.equals(key.publicKey)).toBe(false);
});

it('reads a key from a file that an editor has been at', () => {
  expect(readPublicKey(`\n${pem.replaceAll('\n', '\r\n')}\n\n`).equals(key.publicKey)).toBe(true);
});

it('takes no key of another kind', () => {
  expect(() => readPublicKey(publicKeyPem(rsa.publicKey))).toThrow('must be Ed25519, not rsa');
  expect(() => readPrivateKey(privateKeyPem(rsa.privateKey))).toThrow('must be Ed25519, not rsa');
});

it.each([
  ['nothing', ''], ['no PEM', 'hello'], ['a key cut short', pem.slice(0, 60)], ['two keys', pem + publicKeyPem(newSigningKey().publicKey)],
  ['a private key behind a public one', pem + privateKeyPem(newSigningKey().privateKey)], ['words around it', `my key:\n${pem}`],
])('takes no public key from %s', (_, text) => {
  expect(() => readPublicKey(text)).toThrow();
});

it('takes no private key for a public one: it would be kept, and shown, as if it were public', () => {
  expect(() => readPublicKey(privateKeyPem(key.privateKey))).toThrow('must hold one public key and nothing else');
});

it('takes no public key for a private one', () => {
  expect(() => readPrivateKey(pem)).toThrow();
});
