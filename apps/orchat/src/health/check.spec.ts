import { Refusal } from '../refusal.js';
import { type Status, check, healthOf, linesOf } from './check.js';

const checksOf = (...states: Status[]) => states.map((status) => ({ name: status, status, message: 'm' }));

describe('health', () => {
  it('is that of the worst check', () => {
    expect(healthOf(checksOf('pass', 'pass'))).toBe('healthy');
    expect(healthOf(checksOf('pass', 'warn'))).toBe('degraded');
    expect(healthOf(checksOf('fail', 'warn', 'pass'))).toBe('unhealthy');
  });

  it('counts a check that cannot be made as failed', () => {
    const refused = check('quota', () => {
      throw new Refusal('c', 'no room', 'Free some.');
    });
    expect(refused).toEqual({ name: 'quota', status: 'fail', message: 'no room. Free some.' });
    expect(check('disk', () => ['warn', 'nearly full'])).toMatchObject({ status: 'warn' });
    expect(check('disk', () => 'fine')).toEqual({ name: 'disk', status: 'pass', message: 'fine' });
  });

  it('is told with the verdict last', () => {
    const lines = linesOf(checksOf('pass', 'fail'), 'verdict');
    expect(lines).toEqual(['ok    pass  m', 'FAIL  fail  m', 'verdict']);
  });
});
