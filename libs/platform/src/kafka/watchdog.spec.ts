import { jest } from '@jest/globals';
import { Watchdog } from './watchdog.js';

describe('Watchdog', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('speaks once when there was no sign for the limit', () => {
    const silences: number[] = [];
    const dog = new Watchdog(800, (ms) => silences.push(ms));
    jest.advanceTimersByTime(700);
    dog.sign();
    jest.advanceTimersByTime(700);
    expect(silences).toEqual([]);
    jest.advanceTimersByTime(5_000);
    expect(silences).toHaveLength(1);
    expect(silences[0]).toBeGreaterThanOrEqual(800);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('says nothing once it is stopped', () => {
    const silences: number[] = [];
    new Watchdog(100, (ms) => silences.push(ms)).stop();
    jest.advanceTimersByTime(5_000);
    expect(silences).toEqual([]);
  });
});
