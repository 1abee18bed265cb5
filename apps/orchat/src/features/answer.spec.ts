import { defaultSettings } from '../settings/settings.js';
import { preferencesOf } from '../settings/preferences.js';
import { answerTo, piecesOf } from './answer.js';
import { featureOf } from './probe.js';

const preferences = preferencesOf(defaultSettings('schema4'));

describe('an answer', () => {
  it('is the same for the same prompt', () => {
    expect(answerTo('Hello there', preferences)).toBe('orchat-base read 2 words: Hello there');
    expect(answerTo('Hello', preferences)).toBe('orchat-base read 1 word: Hello');
  });

  it('ends at a stop text and at the most words allowed', () => {
    expect(answerTo('a b END c', { ...preferences, stop: ['c', 'END'] })).toBe('or');
    expect(answerTo('a b END d', { ...preferences, stop: [' END'] })).toBe('orchat-base read 4 words: a b');
    expect(answerTo('a b', { ...preferences, maxTokens: 2 })).toBe('orchat-base read');
  });

  it('is streamed in pieces that make it whole', () => {
    const answer = answerTo('one  two\nthree', preferences);
    expect(piecesOf(answer).length).toBeGreaterThan(5);
    expect(piecesOf(answer).join('')).toBe(answer);
  });
});

describe('a prompt', () => {
  it.each([
    ['Test metrics functionality', 'metrics'],
    ['test Streaming functionality', 'streaming'],
    ['Test everything functionality', 'basic'],
    ['Please test metrics functionality', 'basic'],
  ])('%j is about the feature %s', (prompt, feature) => {
    expect(featureOf(prompt)).toBe(feature);
  });
});
