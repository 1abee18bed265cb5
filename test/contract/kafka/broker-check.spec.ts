import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { checkBroker, KafkaReceiver, KafkaSender } from '../../../libs/platform/src/kafka/index.js';
import { eventually, quiet } from '../../support/kafka.js';

const servers: Server[] = [];
const sockets = new Set<Socket>();
async function listen(onConnection: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

/** Answers ApiVersions with these (key, oldest, newest). */
function serving(ranges: [number, number, number][], error = 0): (socket: Socket) => void {
  return (socket) =>
    socket.on('data', (request: Buffer) => {
      const answer = Buffer.alloc(14 + ranges.length * 6);
      answer.writeInt32BE(answer.length - 4, 0);
      request.copy(answer, 4, 8, 12);
      answer.writeInt16BE(error, 8);
      answer.writeInt32BE(ranges.length, 10);
      for (const [at, range] of ranges.entries()) {
        for (const [part, value] of range.entries()) answer.writeInt16BE(value, 14 + at * 6 + part * 2);
      }
      // In two pieces, as a network may do.
      socket.write(answer.subarray(0, 3));
      socket.write(answer.subarray(3));
    });
}

const every = (min: number, max: number) =>
  Array.from({ length: 50 }, (_, key): [number, number, number] => [key, min, max]);
const settings = (...brokers: string[]) => ({ clientId: 'test', brokers });

describe('checkBroker', () => {
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  });

  it('is content with a broker that serves everything, and names those that do not answer', async () => {
    const good = await listen(serving(every(0, 20)));
    const gone = '127.0.0.1:1';
    const checks = await checkBroker(settings(good, gone));
    expect(checks[0]).toEqual({ address: good });
    expect(checks[1]!.unreachable).toMatch(/^127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/);
  });

  it('refuses a broker that has dropped the versions that kafkajs would pick', async () => {
    const address = await listen(
      serving([...every(0, 20).filter(([key]) => key !== 2 && key !== 22), [2, 4, 20]]),
    );
    await expect(checkBroker(settings(address))).rejects.toThrow(
      `Kafka broker no longer serves what kafkajs 2.2.4 sends (${address}: ` +
        'ListOffsets needs version 0 to 3, the broker has 4 to 20, InitProducerId is not served)',
    );
  });

  it('asks for SASL only when it is used', async () => {
    const address = await listen(serving(every(0, 20).filter(([key]) => key !== 36)));
    await checkBroker(settings(address));
    const sasl = { mechanism: 'plain', username: 'a', password: 'b' } as const;
    await expect(checkBroker({ ...settings(address), sasl })).rejects.toThrow(
      'SaslAuthenticate is not served',
    );
  });

  it.each([
    [
      'a web server',
      (socket: Socket) => void socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      /not like a Kafka/,
    ],
    [
      'garbage',
      (socket: Socket) => void socket.on('data', () => socket.write(Buffer.alloc(60, 7))),
      /not like a Kafka/,
    ],
    [
      'a short answer',
      (socket: Socket) => void socket.on('data', () => socket.write(Buffer.from([0, 0, 0, 2, 1, 1]))),
      /not like a Kafka/,
    ],
    ['an error', serving([], 35), /not like a Kafka/],
    ['nobody for long', (socket: Socket) => void socket.end(), /closed the connection without an answer/],
    ['silence', () => undefined, /no answer within 300 ms/],
  ])('says so when what listens is %s', async (_, behave, reason) => {
    const address = await listen(behave);
    const error = await checkBroker(settings(address), 300).catch((thrown: unknown) => thrown as Error);
    expect((error as Error).message).toMatch(/^No Kafka broker answers: /);
    expect((error as Error).message).toMatch(reason);
    expect((error as Error).message).toContain(address);
  });

  it('is told to the one who starts a receiver or opens a sender without a broker', async () => {
    const requestRetry = { retries: 1, firstPauseMs: 10, maxPauseMs: 10 };
    const common = { settings: settings('127.0.0.1:1'), logger: quiet, requestRetry };
    const onBatch = () => Promise.resolve(0);
    const receiver = new KafkaReceiver({
      ...common,
      groupId: 'g',
      topics: ['t'],
      onBatch,
      onDead: () => undefined,
    });
    await expect(receiver.start()).rejects.toMatchObject({
      message: 'Kafka receiver cannot open topics t for group g',
      cause: { message: expect.stringContaining('No Kafka broker answers') as string },
    });
    const sender = new KafkaSender({ ...common, sendRetry: requestRetry });
    await expect(sender.open()).rejects.toThrow('Kafka cannot be reached at 127.0.0.1:1');
    await sender.close();
  });

  it('ends the waiting for a broker when the receiver is stopped', async () => {
    let tries = 0;
    const address = await listen((socket) => {
      tries++;
      socket.destroy();
    });
    const onBatch = () => Promise.resolve(0);
    const receiver = new KafkaReceiver({
      settings: settings(address),
      logger: quiet,
      groupId: 'g',
      topics: ['t'],
      onBatch,
      onDead: () => undefined,
      requestRetry: { retries: 20, firstPauseMs: 100, maxPauseMs: 100 },
    });
    const starting = receiver.start().catch((error: unknown) => error as Error);
    const begun = performance.now();
    await receiver.stop();
    expect(await starting).toMatchObject({ message: 'stopped before it started' });
    const again = receiver.start().catch((error: unknown) => error as Error);
    await eventually('a try', () => tries > 0);
    await receiver.stop();
    expect(await again).toMatchObject({ cause: { message: 'stopped while starting' } });
    expect(performance.now() - begun).toBeLessThan(1_000);
  });
});
