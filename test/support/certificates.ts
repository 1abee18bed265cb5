import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const haveOpenssl = spawnSync('openssl', ['version']).status === 0;

/** An authority, and a certificate of it for a server at 127.0.0.1. */
export class TestCertificates {
  private readonly dir = mkdtempSync(join(tmpdir(), 'rollbook-certificates-'));

  constructor() {
    const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: this.dir, stdio: 'ignore' });
    writeFileSync(join(this.dir, 'names'), 'subjectAltName=IP:127.0.0.1');
    openssl('req', '-x509', ...fresh, '-keyout', 'ca.key', '-out', 'ca.crt', '-days', '2', '-subj', '/CN=test authority');
    openssl('req', ...fresh, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=test server');
    openssl('x509', '-req', '-in', 'server.csr', '-out', 'server.crt', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names');
  }

  get caFile(): string {
    return join(this.dir, 'ca.crt');
  }

  get ca(): string {
    return readFileSync(this.caFile, 'utf8');
  }

  get tls(): { cert: Buffer; key: Buffer } {
    return { cert: readFileSync(join(this.dir, 'server.crt')), key: readFileSync(join(this.dir, 'server.key')) };
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
