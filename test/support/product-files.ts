import fc from 'fast-check';

type Until = string | boolean | null;

/** A made-up product file of endoflife.date, and what is to be read from it. */
export interface MadeFile {
  name: string;
  text: string;
  product: string;
  title: string;
  cycles: { cycle: string; released: string; supportEnds: Until; activeSupportEnds: Until; lts: Until; latest: string | null }[];
}

const day = fc.integer({ min: 0, max: 15_000 }).map((days) => new Date(Date.UTC(1995, 0, 1) + days * 86_400_000).toISOString().slice(0, 10));
const until = fc.oneof(day, fc.boolean());
const maybeUntil = fc.option(until);
const word = fc.constantFrom(
  '1.10', '1.1', '22.04', '10.15 (x)', '12-lts', '2022 R2', 'xp', 'Spring-2024', 'A', 'galaxy-s25+', '猫', 'é-1', 'v3', '9.0-sp4', "Devil's Canyon", '#1', 'a: b', '"quoted"',
  'null', 'true', '0x10', '1e3', '010', '- 1', '@2', '%3', '100%', 'jdk-20', 'python3.12', '8u402+7', '\\d+', '{{x}}', '> 2', '| 3', '&a', '*b', '!c', '~',
);
const cycle = fc.record({ word, number: fc.nat(99), released: day, supportEnds: until, activeSupportEnds: maybeUntil, lts: maybeUntil, latest: fc.option(word) });
const quoting = fc.constantFrom<(text: string) => string>((text) => JSON.stringify(text), (text) => `'${text.replaceAll("'", "''")}'`);
const title = fc.constantFrom('Alpine Linux', 'Node.js', 'AWS Lambda: "the" runtimes', "Devil's Canyon", '<b>HTML</b> & more', '日本語の製品', 'C++ # or not', 'a'.repeat(200));

const style = fc.record({
  quote: quoting, indent: fc.constantFrom('', '  '), gap: fc.constantFrom(' ', '   '), comments: fc.boolean(), time: fc.constantFrom('', ' 00:00:00', 'T10:00:00Z'),
  quotedDays: fc.boolean(), lineEnd: fc.constantFrom('\n', '\r\n'), flow: fc.boolean(), before: fc.boolean(),
});

/** In the styles that YAML has for the same: quotes, indents, comments, flow maps, times behind days, line ends. */
export const productFile: fc.Arbitrary<MadeFile> = fc.tuple(fc.nat(1_000_000), title, fc.array(cycle, { maxLength: 12 }), style).map(([number, name, made, how]) => {
  const { quote, indent, gap, comments, time, quotedDays, lineEnd, flow, before } = how;
  const product = `product-${number}`;
  const cycles = made.map(({ word: text, number: n, latest, ...dates }, i) => ({ ...dates, cycle: `${text}.${n}.${i}`, latest }));
  const written = (value: Until) => (typeof value === 'string' ? (quotedDays ? quote(value) : value + time) : String(value));
  const fieldsOf = (one: (typeof cycles)[number]) => {
    const fields: [string, string | null][] = [
      ['releaseCycle', quote(one.cycle)], ['releaseDate', written(one.released)], ['eol', written(one.supportEnds)],
      ['eoas', one.activeSupportEnds === null ? null : written(one.activeSupportEnds)], ['lts', one.lts === null ? null : written(one.lts)],
      ['latest', one.latest === null ? null : quote(one.latest)], ['link', 'null'], ['customField', quote('1, 2')],
    ];
    return fields.filter(([, value]) => value !== null).map(([key, value]) => `${key}: ${value!}`);
  };
  const list = cycles.map((one) => {
    const fields = fieldsOf(one);
    if (flow) return `${indent}-${gap}{ ${fields.join(', ')} }`;
    return fields.map((field, i) => `${indent}${i === 0 ? `-${gap}` : ` ${gap}`}${field}${comments && i === 2 ? ' # as they say: soon' : ''}`).join('\n');
  });
  const head = [`title: ${quote(name)}`, 'category: os', `permalink: /${product}`, 'eoasColumn: true', ...(comments ? ['', '# See https://example.org/#dates: all of them.'] : [])];
  const releases = list.length === 0 ? 'releases: []' : `releases:\n${list.join('\n\n')}`;
  const lines = ['---', ...(before ? [releases, ...head] : [...head, releases]), '---', '', '> A product.', '', '{% include table.html rows=page.releases %}', ''];
  return { name: `products/${product}.md`, text: lines.join('\n').replaceAll('\n', lineEnd), product, title: name, cycles };
});
