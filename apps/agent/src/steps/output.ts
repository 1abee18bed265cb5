/** Of each stream, kept from its beginning and from its end; what lies between is left out, visibly. */
const headBytes = 48 * 1024;
const tailBytes = 16 * 1024;
/** Of standard output, read whole for facts. */
const factBytes = 1024 * 1024;

/** Gathers what a command writes, within bounds whatever it writes. */
export class CappedOutput {
  private readonly head: Buffer[] = [];
  private headSize = 0;
  private tail = Buffer.alloc(0);
  private readonly whole: Buffer[] = [];
  bytes = 0;

  add(chunk: Buffer): void {
    if (this.bytes < factBytes) this.whole.push(chunk.subarray(0, factBytes - this.bytes));
    this.bytes += chunk.length;
    const room = Math.max(0, headBytes - this.headSize);
    if (room > 0) this.head.push(chunk.subarray(0, room));
    this.headSize += Math.min(room, chunk.length);
    if (chunk.length > room) this.tail = Buffer.concat([this.tail, chunk.subarray(room)]).subarray(-tailBytes);
  }

  get truncated(): boolean {
    return this.bytes > headBytes + tailBytes;
  }

  /** What is kept as evidence, with a mark where something is missing. */
  kept(): Buffer {
    const left = this.bytes - this.headSize - this.tail.length;
    const mark = left > 0 ? [Buffer.from(`\n[... ${left} bytes left out here ...]\n`)] : [];
    return Buffer.concat([...this.head, ...mark, this.tail]);
  }

  /** Standard output for reading facts from; undefined when there is too much of it. */
  text(): string | undefined {
    return this.bytes > factBytes ? undefined : Buffer.concat(this.whole).toString('utf8');
  }
}
