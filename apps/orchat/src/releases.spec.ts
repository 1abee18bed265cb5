import { isNewer, releaseNamed, releases } from './releases.js';

describe('the releases', () => {
  it.each([
    ['v0.6.0', 'v0.6.0'],
    ['v0.6', 'v0.6.2'],
    ['v0.7', 'v0.7.0'],
    ['v0.6.1', undefined],
    ['v0', 'v0.8.0'],
    ['0.6', undefined],
    ['', undefined],
  ])('%j names %s', (version, found) => {
    expect(releaseNamed(version)?.version).toBe(found);
  });

  it('go from old to new', () => {
    for (const [index, release] of releases.slice(1).entries()) {
      expect(isNewer(release, releases[index]!)).toBe(true);
      expect(isNewer(releases[index]!, release)).toBe(false);
    }
  });

  it('read what they write, and what they convert by themselves', () => {
    for (const { reads, settings, convertsAtStart } of releases) {
      expect(reads).toEqual(expect.arrayContaining([settings, ...convertsAtStart]));
    }
  });
});
