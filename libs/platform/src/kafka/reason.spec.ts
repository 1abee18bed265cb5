import { reasonOf } from './reason.js';

describe('reasonOf', () => {
  it('says each message once, the outermost first', () => {
    const root = new Error('ECONNREFUSED');
    const wrapped = new Error('ECONNREFUSED', { cause: root });
    expect(reasonOf(new Error('Kafka cannot be reached', { cause: wrapped }))).toBe(
      'Kafka cannot be reached: ECONNREFUSED',
    );
  });

  it('takes the first of several, things that are no errors, and circles', () => {
    expect(reasonOf(Object.assign(new Error('creation errors'), { errors: [new Error('too many')] }))).toBe(
      'creation errors: too many',
    );
    expect(reasonOf('text')).toBe("'text'");
    expect(reasonOf(undefined)).toBe('');
    const circle = new Error('round');
    circle.cause = circle;
    expect(reasonOf(circle)).toBe('round');
  });
});
