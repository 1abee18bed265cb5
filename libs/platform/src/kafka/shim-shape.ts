/**
 * @throws unless the method has all these parts in its source, so that a patch is never put over something
 * else
 */
export function demandShape(owner: object, name: string, parts: string[]): void {
  const method: unknown = (owner as Record<string, unknown>)[name];
  const source = typeof method === 'function' ? Function.prototype.toString.call(method) : '';
  if (parts.every((part) => source.includes(part))) return;
  throw new Error(`kafkajs: ${name} is not the function that the patch was made for`);
}
