/** Names of streams: the kind, a slash, the id. */
export const streamOf = {
  product: (product: string) => `product/${product}`,
  node: (node: string) => `node/${node}`,
  rollout: (rollout: string) => `rollout/${rollout}`,
  site: (site: string) => `site/${site}`,
  /** What others say of a product: how long its releases are supported. */
  lifecycle: (product: string) => `lifecycle/${product}`,
  /** There is one policy, called main. */
  policy: (policy = 'main') => `policy/${policy}`,
};

export type StreamKind = keyof typeof streamOf;

export function parseStream(stream: string): { kind: StreamKind; id: string } {
  const slash = stream.indexOf('/');
  const kind = stream.slice(0, slash);
  if (!Object.hasOwn(streamOf, kind)) throw new Error(`no stream is called ${stream}`);
  return { kind: kind as StreamKind, id: stream.slice(slash + 1) };
}
