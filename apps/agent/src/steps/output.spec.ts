import fc from 'fast-check';
import { CappedOutput } from './output.js';

const kib = 1024;
const [head, tail, facts] = [48 * kib, 16 * kib, kib * kib];

function outputOf(bytes: Buffer, sizes: number[] = [64 * kib]): CappedOutput {
  const output = new CappedOutput();
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    output.add(bytes.subarray(at, at + size));
    at += size;
  }
  return output;
}

/** Bytes that tell where they stand. */
const counted = (length: number) => Buffer.from(Array.from({ length: Math.ceil(length / 8) }, (_, i) => String(i).padStart(8, '0')).join('').slice(0, length));

it('keeps all of what fits', () => {
  for (const length of [0, 1, head, head + 1, head + tail]) {
    const bytes = counted(length);
    const output = outputOf(bytes);
    expect(output.kept()).toEqual(bytes);
    expect([output.truncated, output.bytes]).toEqual([false, length]);
  }
});

it('keeps beginning and end of what does not fit, and says how much is missing between them', () => {
  for (const extra of [1, 5_000, 3 * facts]) {
    const bytes = counted(head + tail + extra);
    const output = outputOf(bytes);
    expect(output.truncated).toBe(true);
    const kept = output.kept().toString();
    const mark = `\n[... ${extra} bytes left out here ...]\n`;
    expect(kept).toBe(`${bytes.subarray(0, head).toString()}${mark}${bytes.subarray(-tail).toString()}`);
  }
});

it('keeps the same however it comes', () => {
  const bytes = counted(head + tail + 10_000);
  const [whole, text] = [outputOf(bytes).kept(), outputOf(bytes).text()];
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 20 }), (sizes) => {
    const output = outputOf(bytes, sizes);
    expect(output.kept().equals(whole)).toBe(true);
    expect(output.text() === text).toBe(true);
  }), { numRuns: 60 });
});

it('is read for facts up to 1 MiB, and not at all beyond', () => {
  expect(outputOf(counted(facts)).text()?.length).toBe(facts);
  expect(outputOf(counted(facts + 1)).text()).toBeUndefined();
});

it('stays small whatever is written', () => {
  const output = new CappedOutput();
  const chunk = Buffer.alloc(64 * kib, 'x');
  for (let i = 0; i < 2_000; i++) output.add(chunk);
  expect(output.bytes).toBe(2_000 * 64 * kib);
  expect(output.kept().length).toBeLessThan(head + tail + 100);
});
