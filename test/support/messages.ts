import { randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { KnownAgent, OrderBody, ReportBody, StepReportBody } from '#messaging';
import { keyIdOf, newSigningKey, publicKeyPem, signDsse } from '#proof';

/** Who signs: a key, its id, and itself as what others know of it. */
export interface Signer {
  name: string;
  key: KeyObject;
  keyId: string;
  keys: ReadonlyMap<string, KeyObject>;
  known: KnownAgent;
}

export function newSigner(name: string): Signer {
  const { privateKey, publicKey } = newSigningKey();
  const keyId = keyIdOf(publicKey);
  const known = { agent: name, keyId, publicKey: publicKeyPem(publicKey) };
  return { name, key: privateKey, keyId, keys: new Map([[keyId, publicKey]]), known };
}

export const at = '2026-01-16T09:00:00.000Z';

export function orderBody(over: Partial<OrderBody> = {}): OrderBody {
  return {
    order: 'r-1.n-1.1.0.1', site: 'north', node: 'n-1', product: 'thing', rollout: 'r-1', phase: 'upgrade', epoch: 1,
    runbook: 'work', digest: 'a'.repeat(64), step: 'one', parameters: { to: 'v1.10' }, timeoutSeconds: 60,
    issuedAt: at, expiresAt: '2099-01-01T00:00:00.000Z', position: 1, ...over,
  };
}

export const incarnation = randomUUID();

export function stepReport(over: Partial<StepReportBody> = {}): StepReportBody {
  return { outcome: 'succeeded', reason: null, startedAt: at, finishedAt: at, exit: 0, facts: {}, output: null, found: false, ...over };
}

/** A report of a kind with all that the kind must have. */
export function reportBody(kind: ReportBody['kind'], over: Partial<ReportBody> = {}): ReportBody {
  const head = { site: 'north', agent: 'agent-1', incarnation, sequence: 1, node: 'n-1', at };
  const parts: Record<ReportBody['kind'], Partial<ReportBody>> = {
    announced: { product: 'thing', labels: { ring: 'first' }, version: 'v1.10', health: 'healthy' },
    observed: { version: null, health: 'unknown' },
    accepted: { order: 'r-1.n-1.1.0.1', epoch: 1 },
    finished: { order: 'r-1.n-1.1.0.1', epoch: 1, report: stepReport() },
    refused: { message: { reason: 'bad-signature', sha256: 'b'.repeat(64), bytes: 12 } },
  };
  return { kind, ...head, ...parts[kind], ...over };
}

/** Any text signed as a message of a type, whatever its own side would have made of it. */
export function signedText(type: string, text: string, { key, keyId }: Signer): Buffer {
  return Buffer.from(JSON.stringify(signDsse(type, Buffer.from(text), key, keyId)));
}
