/**
 * Numbers from 0 to below 1 that look random and are the same for the same seed: a digest, and what they are for.
 * (sfc32, seeded from the digest's first 128 bits.)
 */
export function drawFrom(digest: string, purpose: number): () => number {
  let [a, b, c] = [0, 8, 16].map((at) => Number.parseInt(digest.slice(at, at + 8).padEnd(8, '0'), 16) | 0) as [number, number, number];
  let counter = (Number.parseInt(digest.slice(24, 32).padEnd(8, '0'), 16) ^ Math.imul(purpose, 0x9e3779b1)) | 0;
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum | 0;
    return (sum >>> 0) / 4_294_967_296;
  };
  // What is alike in two seeds is mixed away.
  for (let i = 0; i < 16; i++) next();
  return next;
}
