import { connect as connectPlain } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { splitAddress, tlsOptions } from './settings.js';
import type { KafkaTls } from './settings.js';

/** The versions of one request (api key) that a broker answers, both ends included. */
export interface ApiRange {
  min: number;
  max: number;
}

const apiVersionsKey = 18;
const correlation = 0x526f6c6c;
const largestAnswer = 64 * 1024;

/**
 * Asks one broker which requests it answers: ApiVersions version 0, which every broker since 0.10 serves
 * before authentication. Rejects with a plain reason when nothing listens, or when what listens is not
 * Kafka.
 *
 * @param address host:port
 * @param timeoutMs for the whole exchange
 * @returns by api key (Kafka protocol guide, "Api Keys")
 */
export async function fetchApiVersions(
  address: string,
  tls: KafkaTls | undefined,
  timeoutMs: number,
): Promise<Map<number, ApiRange>> {
  const answer = await exchange(address, tls, question(), timeoutMs);
  try {
    return readAnswer(answer);
  } catch (cause) {
    throw new Error(`${address} answered, but not like a Kafka broker`, { cause });
  }
}

function question(): Buffer {
  const client = Buffer.from('rollbook');
  const request = Buffer.alloc(14 + client.length);
  request.writeInt32BE(10 + client.length, 0);
  request.writeInt16BE(apiVersionsKey, 4);
  request.writeInt16BE(0, 6);
  request.writeInt32BE(correlation, 8);
  request.writeInt16BE(client.length, 12);
  client.copy(request, 14);
  return request;
}

/** @param answer what follows the length: correlation id, error code, then (key, min, max) triples */
function readAnswer(answer: Buffer): Map<number, ApiRange> {
  if (answer.readInt32BE(0) !== correlation) throw new Error('the answer belongs to another request');
  const error = answer.readInt16BE(4);
  if (error !== 0) throw new Error(`error code ${error}`);
  const ranges = new Map<number, ApiRange>();
  const count = answer.readInt32BE(6);
  for (let at = 0; at < count; at++) {
    const start = 10 + at * 6;
    ranges.set(answer.readInt16BE(start), {
      min: answer.readInt16BE(start + 2),
      max: answer.readInt16BE(start + 4),
    });
  }
  return ranges;
}

function exchange(
  address: string,
  tls: KafkaTls | undefined,
  request: Buffer,
  timeoutMs: number,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = open(address, tls);
    const chunks: Buffer[] = [];
    const finish = (error: Error | undefined, answer?: Buffer) => {
      clearTimeout(timer);
      socket.destroy();
      if (answer) resolve(answer);
      else reject(error ?? new Error(`${address} closed the connection without an answer`));
    };
    const timer = setTimeout(
      () => finish(new Error(`${address} gave no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    socket.once(tls ? 'secureConnect' : 'connect', () => socket.write(request));
    socket.on('error', (cause) =>
      finish(new Error(`${address} cannot be reached: ${cause.message}`, { cause })),
    );
    socket.once('end', () => finish(undefined));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      if (bytes.length < 4) return;
      const length = bytes.readUInt32BE(0);
      if (length > largestAnswer) finish(new Error(`${address} answered, but not like a Kafka broker`));
      else if (bytes.length >= 4 + length) finish(undefined, bytes.subarray(4, 4 + length));
    });
  });
}

function open(address: string, tls: KafkaTls | undefined): Socket {
  const { host, port } = splitAddress(address);
  return tls ? connectTls({ host, port, ...tlsOptions(tls, host) }) : connectPlain({ host, port });
}
