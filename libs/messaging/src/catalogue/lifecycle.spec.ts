import fc from 'fast-check';
import { productFile } from '../../../../test/support/product-files.js';
import { parseLifecycle } from './lifecycle.js';
import type { LifecycleFile } from './lifecycle.js';

const file = (head: string, body = '\n> A pump.\n') => `---\n${head}\n---\n${body}`;
const releases = (...list: string[]) => `title: The Pump\npermalink: /pump\nreleases:\n${list.map((one) => `  - ${one.trim().replaceAll('\n', '\n    ')}`).join('\n')}`;

function good(text: string, name = 'pump.md'): LifecycleFile {
  const parsed = parseLifecycle(name, text);
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed;
}

const first = (release: string) => good(file(releases(release))).cycles[0]!;
const problems = (text: string, name = 'pump.md') => {
  const parsed = parseLifecycle(name, text);
  return 'problems' in parsed ? parsed.problems.map(({ file: of, line, field, says }) => `${of}:${line} ${field} ${says}`) : [];
};

it('reads a whole one', () => {
  const text = file(`title: "The Pump: <i>all</i> of it"
category: device
tags: pumps
permalink: /pump
alternate_urls:
  - /pumps
releasePolicyLink: https://example.org/policy
changelogTemplate: "https://example.org/__RELEASE_CYCLE__/__LATEST__#__LATEST_RELEASE_DATE__"
releaseLabel: "Pump __RELEASE_CYCLE__ (<abbr title='x'>__CODENAME__</abbr>)"
eoasColumn: true
customFields:
  - { name: valves, display: api-only, label: Valves }

# Newest first.
releases:
  - releaseCycle: "1.10" # not 1.1
    codename: Nile
    lts: true
    releaseDate: 2025-05-19
    eoas: 2026-05-19
    eol: 2027-05-19
    eoes: false
    latest: "1.10.2"
    latestReleaseDate: 2025-09-01
    valves: "2, 3"

  - releaseCycle: "1.9"
    releaseLabel: One dot nine
    releaseDate: 2024-01-01
    eol: false
    discontinued: 2024-06-01
    link: null`);
  expect(good(text)).toEqual({
    product: 'pump', title: 'The Pump: <i>all</i> of it', link: 'https://example.org/policy',
    cycles: [
      {
        cycle: '1.10', label: 'Pump 1.10 (Nile)', codename: 'Nile', released: '2025-05-19', lts: true, activeSupportEnds: '2026-05-19', supportEnds: '2027-05-19',
        extendedSupportEnds: false, discontinued: null, latest: '1.10.2', latestReleased: '2025-09-01', link: 'https://example.org/1.10/1.10.2#2025-09-01',
      },
      {
        cycle: '1.9', label: 'One dot nine', codename: null, released: '2024-01-01', lts: null, activeSupportEnds: null, supportEnds: false,
        extendedSupportEnds: null, discontinued: '2024-06-01', latest: null, latestReleased: null, link: 'https://example.org/1.9/#',
      },
    ],
  });
});

it.each(['1.10', '"1.10"', "'12-lts'", '010', '1_000', '2022 R2', 'xp', 'Spring-2024', 'A', '10.15 (x)', 'galaxy-s25+', '猫 9', '7e3', '0x10', '1:30', 'on', 'true', 'é', '"a: b"', '"#1"'])(
  'keeps the name of a release as it is written: %s', (written) => {
    expect(first(`releaseCycle: ${written}\nreleaseDate: 2024-01-01\neol: false`).cycle).toBe(written.replace(/^["']|["']$/g, ''));
  },
);

it.each<[string, string | boolean | null]>([
  ['2024-02-29', '2024-02-29'], ['"2024-02-29"', '2024-02-29'], ["'2024-02-29'", '2024-02-29'], ['2024-2-9', '2024-02-09'], ['2024-02-29 12:30:00', '2024-02-29'],
  ['2024-02-29T12:30:00Z', '2024-02-29'], ['2024-02-29T12:30:00.5+02:00', '2024-02-29'], ['!!timestamp 2024-02-29', '2024-02-29'], ['2024-02-29 # estimated', '2024-02-29'],
  ['true', true], ['false', false], ['True', true], ['FALSE', false], ['yes', true], ['no', false], ['"true"', true], ['', null], ['~', null], ['null', null],
  ['>-\n  2024-02-29', '2024-02-29'],
])('reads the end of support %s', (written, read) => {
  expect(first(`releaseCycle: a\nreleaseDate: 2024-01-01\neol: ${written}`).supportEnds).toBe(read);
});

it('takes the columns by their older names: what was support said that there is some', () => {
  expect(first('releaseCycle: a\nrelease: 2021-11-16\nsupport: true\neol: false\nextendedSupport: 2030-01-01')).toMatchObject({
    released: '2021-11-16', activeSupportEnds: false, extendedSupportEnds: '2030-01-01',
  });
  expect(first('releaseCycle: a\nsupport: 2024-06-11\nextendedSupport: true')).toMatchObject({ released: null, activeSupportEnds: '2024-06-11', supportEnds: null, extendedSupportEnds: false });
  expect(first('cycle: a\neoas: true\nsupport: true')).toMatchObject({ cycle: 'a', activeSupportEnds: true });
});

it.each<[string, string, string]>([
  ['its permalink', 'permalink: /alpine-linux', 'alpine-linux'], ['its permalink, with what names cannot have', 'permalink: "/Pump_No.1/"', 'pump-no.1'],
  ['its file, without one', 'category: os', 'jamf-pro'],
])('takes the name of a product from %s', (_, line, product) => {
  expect(good(file(`title: X\n${line}\nreleases: []`), 'products/Jamf Pro.md').product).toBe(product);
});

it('reads what YAML allows: anchors, merges, folded texts, the last of equal keys, flow lists, other line ends', () => {
  const head = `title: >-
  A pump of
  many lines
permalink: /pump
base: &base
  releaseDate: 2024-01-01
  eol: &end 2025-01-01
releases:
  - { <<: *base, releaseCycle: "1", latest: *end }
  - <<: [*base]
    releaseCycle: "2"
    eol: true
    eol: false
  - {releaseCycle: 3, releaseDate: 2024-03-01,
    eol: *end}`;
  const expected = [['1', '2024-01-01', '2025-01-01'], ['2', '2024-01-01', false], ['3', '2024-03-01', '2025-01-01']];
  for (const text of [file(head), file(head).replaceAll('\n', '\r\n'), `\uFEFF${file(head)}`, file(head).replace(/^---/, '---  ')]) {
    const parsed = good(text);
    expect(parsed.title).toBe('A pump of many lines');
    expect(parsed.cycles.map(({ cycle, released, supportEnds }) => [cycle, released, supportEnds])).toEqual(expected);
  }
});

it('reads the same from whatever style a file is written in', () => {
  fc.assert(fc.property(productFile, ({ name, text, product, title, cycles }) => {
    const parsed = good(text, name);
    expect([parsed.product, parsed.title]).toEqual([product, title]);
    const read = parsed.cycles.map(({ cycle, released, supportEnds, activeSupportEnds, lts, latest }) => ({ cycle, released, supportEnds, activeSupportEnds, lts, latest }));
    expect(read).toEqual(cycles);
  }), { numRuns: 500 });
});

it('leaves out what would have to be computed, and what no address is', () => {
  const text = file(`title: X\npermalink: /x\nchangelogTemplate: 'https://x.org/{{"__LATEST__" | replace:".","-"}}'\nreleases:\n  - { releaseCycle: a, releaseDate: 2024-01-01, eol: false }\n  - { releaseCycle: b, releaseDate: 2024-01-01, eol: false, link: see below, latestReleaseDate: soon }`);
  expect(good(text).cycles.map(({ link, latestReleased }) => [link, latestReleased])).toEqual([[null, null], [null, null]]);
});

it('does not look at what stands behind the front matter', () => {
  expect(good(file(releases('releaseCycle: a'), '---\n{% include x %}\n---\n: [')).cycles).toHaveLength(1);
});

it('reads a file of many releases', () => {
  const many = Array.from({ length: 1_000 }, (_, i) => `releaseCycle: "galaxy-${i}"\nreleaseDate: 2024-01-01\neol: false # nobody knows`);
  expect(good(file(releases(...many))).cycles).toHaveLength(1_000);
});

describe('names file, line and field of what is wrong:', () => {
  it.each<[string, string, string]>([
    ['no front matter', 'title: X', 'pump.md:1  must begin with a line of three dashes and YAML'],
    ['nothing', '', 'pump.md:1  must begin with a line of three dashes and YAML'],
    ['no end of it', '---\ntitle: X\n', 'pump.md:3  has no line of three dashes at the end of its YAML'],
    ['a list', file('- a'), 'pump.md:2  must be a map of title, permalink, releases'],
    ['an empty one', file(''), 'pump.md:1  must be a map of title, permalink, releases'],
    ['no releases', file('title: X'), 'pump.md:2 releases is missing; it must be a list of releases'],
    ['releases that are no list', file('title: X\nreleases: many'), 'pump.md:3 releases must be a list of releases'],
    ['a release that is no map', file(releases('"1.0"')), 'pump.md:5 releases[0] must be a map of releaseCycle, releaseDate, eol'],
    ['a release without a name', file(releases('releaseDate: 2024-01-01')), 'pump.md:5 releases[0].releaseCycle is missing; every release has a name'],
    ['a name that is a list', file(releases('releaseCycle: [a]')), 'pump.md:5 releases[0].releaseCycle must be a text of at most 200 characters'],
    ['a name twice', file(releases('releaseCycle: a', 'releaseCycle: "a"')), 'pump.md:6 releases[1].releaseCycle a stands there twice'],
    ['a day that there is not', file(releases('releaseCycle: a\nreleaseDate: 2024-01-01\neol: 2024-02-30')), 'pump.md:7 releases[0].eol must be a day like 2026-01-16, true or false'],
    ['a word for a day', file(releases('releaseCycle: a\neol: soon')), 'pump.md:6 releases[0].eol must be a day like 2026-01-16, true or false'],
    ['a map for a day', file(releases('releaseCycle: a\neoas: { on: 2024-01-01 }')), 'pump.md:6 releases[0].eoas must be a day like 2026-01-16, true or false'],
    ['a release day that is true', file(releases('releaseCycle: a\nreleaseDate: true')), 'pump.md:6 releases[0].releaseDate must be a day like 2026-01-16'],
    ['a permalink without letters', file('title: X\npermalink: /\nreleases: []'), 'pump.md:3 permalink must name the product in at most 63 letters, digits, dots and dashes, like /alpine-linux'],
    ['an anchor that there is not', file('title: X\nreleases: *none'), 'pump.md:3  names the anchor none, which does not stand before it'],
  ])('%s', (_, text, told) => {
    expect(problems(text)).toContain(told);
  });

  it('YAML that cannot be read', () => {
    expect(problems(file('title: "X\nreleases: []'))).toEqual([expect.stringMatching(/^pump\.md:\d+ {2}\S/)]);
    expect(problems(file('title: X\n  releases: []'))).not.toEqual([]);
  });

  it('several mistakes at once', () => {
    expect(problems(file(releases('releaseCycle: a\neol: soon', 'releaseDate: never')))).toHaveLength(3);
  });

  it('a file that was made to exhaust its reader', () => {
    expect(problems(file(`title: X\nx: ${'['.repeat(100_000)}`))).toEqual(['pump.md:1  nests more deeply than 32 levels']);
    expect(problems(file(`title: ${'x'.repeat(5_000_000)}`))).toEqual(['pump.md:1  is longer than 4194304 characters']);
    const bomb = Array.from({ length: 30 }, (_, i) => `l${i}: &l${i} [${i === 0 ? 'x' : `*l${i - 1}, *l${i - 1}`}]`).join('\n');
    expect(good(file(`${bomb}\n${releases('releaseCycle: a')}`)).cycles).toHaveLength(1);
    expect(problems(file(`${bomb}\ntitle: X\nreleases: *l29`))[0]).toMatch(/releases\[0\] must be a map/);
    expect(problems(file('a: &a\n  <<: *a\n  b: 1\ntitle: X\nreleases:\n  - *a'))[0]).toMatch(/releaseCycle is missing/);
  });
});
