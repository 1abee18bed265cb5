import { ManualClock } from './clock.js';
import { causeChain, jsonLogger } from './logger.js';
import type { LogLevel } from './logger.js';

function logged(least: LogLevel = 'debug') {
  const lines: string[] = [];
  const logger = jsonLogger(least, { process: 'test' }, (line) => void lines.push(line), new ManualClock());
  return { lines, logger, last: () => JSON.parse(lines.at(-1)!) as Record<string, unknown> };
}

it('writes one JSON object a line, with time, level, message and fields', () => {
  const { lines, logger, last } = logged();
  logger.with({ site: 'local' }).info('a\nb', { n: 1, list: [true, null] });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^[^\n]*\n$/);
  expect(last()).toEqual({ at: '2026-01-16T09:00:00.000Z', level: 'info', message: 'a\nb', process: 'test', site: 'local', n: 1, list: [true, null] });
});

it.each([
  ['debug', ['debug', 'info', 'warn', 'error']],
  ['info', ['info', 'warn', 'error']],
  ['warn', ['warn', 'error']],
  ['error', ['error']],
] as const)('from %s on writes %j', (least, expected) => {
  const { lines, logger } = logged(least);
  for (const level of ['debug', 'info', 'warn', 'error'] as const) logger.with({ n: 1 })[level]('x');
  expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(expected);
});

it('writes an error as its chain of causes, wherever it stands', () => {
  const { logger, last } = logged();
  const error = new Error('outer', { cause: new Error('middle', { cause: 'inner' }) });
  logger.with({ base: error }).error('x', { error, deep: { list: [error] } });
  expect(last()).toMatchObject({ base: 'outer: middle: inner', error: 'outer: middle: inner', deep: { list: ['outer: middle: inner'] } });
});

it('writes a line whatever it is given', () => {
  const { lines, logger, last } = logged();
  const round: { self?: unknown } = {};
  round.self = round;
  logger.info('big', { position: 12n });
  expect(last()).toMatchObject({ message: 'big', position: '12' });
  logger.info('round', { round });
  expect(last()).toMatchObject({ level: 'info', message: 'round', unprintable: expect.stringContaining('circular') as string });
  logger.info('bad', { toJSON: undefined, bad: { toJSON: () => { throw new Error('no'); } } });
  expect(last()).toMatchObject({ message: 'bad', unprintable: 'no' });
  expect(lines).toHaveLength(3);
});

it.each([
  ['postgres://rollbook:hunter2@db:5432/rollbook', 'postgres://rollbook:***@db:5432/rollbook'],
  ['cannot reach https://u:hunter2@h/x?y=1, nor http://h/', 'cannot reach https://u:***@h/x?y=1, nor http://h/'],
  ['postgresql://u:hun@ter@2@h/d', 'postgresql://u:***@h/d'],
  ['mail to a@b.example at 10:20', 'mail to a@b.example at 10:20'],
  ['http://127.0.0.1:7420/v1/nodes/a@b', 'http://127.0.0.1:7420/v1/nodes/a@b'],
])('leaves passwords of addresses out: %s', (text, shown) => {
  const { logger, last } = logged();
  logger.warn(text, { url: text, deep: [{ text }], error: new Error('failed', { cause: new Error(text) }) });
  expect(last()).toMatchObject({ message: shown, url: shown, deep: [{ text: shown }], error: `failed: ${shown}` });
  expect(causeChain(new Error(text))).toBe(shown);
});

describe('a chain of causes', () => {
  it.each([
    ['an error', new Error('a'), 'a'],
    ['one without words', new TypeError(), 'TypeError'],
    ['many at once', new AggregateError([new Error('a'), new Error('b', { cause: new Error('c') })], 'all failed'), 'all failed: a, b: c'],
    ['many without words', new AggregateError([new Error('a')]), 'AggregateError: a'],
    ['a text', 'gone', 'gone'],
    ['an object', new Error('a', { cause: { code: 5 } }), 'a: { code: 5 }'],
    ['null', null, 'null'],
    ['a big number', 12n, '12n'],
  ])('of %s', (_, error, text) => {
    expect(causeChain(error)).toBe(text);
  });

  it('that leads back to itself has an end', () => {
    const error = new Error('again');
    error.cause = error;
    expect(causeChain(error)).toBe(Array(8).fill('again').join(': '));
    const round: { self?: unknown } = {};
    round.self = round;
    expect(causeChain(new Error('a', { cause: round }))).toContain('a: ');
  });
});
