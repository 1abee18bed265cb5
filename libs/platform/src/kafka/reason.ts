import { inspect } from 'node:util';

const deepest = 8;

/**
 * Why something failed, in one line: the messages of the error and its causes, each once, because kafkajs
 * gives its wrappers the message of what they wrap. Its aggregate errors speak through the first of theirs.
 */
export function reasonOf(error: unknown): string {
  const messages: string[] = [];
  let at: unknown = error;
  for (let depth = 0; depth < deepest && at !== undefined && at !== null; depth++) {
    const message = at instanceof Error ? at.message || at.name : inspect(at);
    if (!messages.includes(message)) messages.push(message);
    const { errors, cause } = at as { errors?: unknown; cause?: unknown };
    at = Array.isArray(errors) ? (errors[0] as unknown) : cause;
  }
  return messages.join(': ');
}
