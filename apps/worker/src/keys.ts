import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { newId, newSecret } from '#platform';
import type { Settings } from '#platform';
import { newSigningKey, privateKeyPem, publicKeyPem, readPrivateKey } from '#proof';
import type { SigningKey } from '#proof';

/**
 * The key that orders are signed with. At the first start of an installation it is made, with its public half and the
 * secret that agents enrol with beside it. The private half is read by the worker alone.
 */
export function serviceKey(settings: Settings, home: string): SigningKey {
  const keys = join(home, 'keys');
  const file = settings.serviceKeyFile ?? join(keys, 'service.pem');
  if (!existsSync(file)) putOnce(file, privateKeyPem(newSigningKey().privateKey), 0o600);
  const key = readPrivateKey(readFileSync(file, 'utf8'));
  putOnce(settings.servicePublicKeyFile ?? join(keys, 'service.pub.pem'), publicKeyPem(key.publicKey), 0o644);
  putOnce(settings.enrolmentTokenFile ?? join(keys, 'enrolment.token'), newSecret(), 0o600);
  return key;
}

/** Whole or not at all, and never over what is there: two workers may start at once, and one of them is first. */
function putOnce(file: string, content: string, mode: number): void {
  if (existsSync(file)) return;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${newId()}`;
  writeFileSync(draft, content, { mode });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
}
