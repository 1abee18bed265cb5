/** Where answers go: text for people, or one JSON object a line for programs. Messages go to standard error. */
export class Out {
  constructor(readonly json: boolean) {}

  text(text: string): void {
    if (!this.json) process.stdout.write(`${text}\n`);
  }

  object(value: object): void {
    if (this.json) process.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** For people only, and not part of the answer. */
  note(text: string): void {
    if (!this.json) process.stderr.write(`${text}\n`);
  }
}
