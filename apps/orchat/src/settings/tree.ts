export type Tree = Record<string, unknown>;

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a dotted path. */
export function valueAt(tree: Tree, path: string): unknown {
  let value: unknown = tree;
  for (const name of path.split('.')) {
    if (!isTree(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/** Sets the value at a dotted path, making sections on the way. */
export function setAt(tree: Tree, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop()!;
  let section = tree;
  for (const name of names) {
    if (!isTree(section[name])) section[name] = {};
    section = section[name] as Tree;
  }
  section[last] = value;
}

/** The dotted paths of a tree's values, going no deeper than a path for which stop answers true. */
export function pathsOf(tree: Tree, stop: (path: string) => boolean, prefix = ''): string[] {
  return Object.entries(tree).flatMap(([name, value]) => {
    const path = prefix + name;
    return isTree(value) && !stop(path) ? pathsOf(value, stop, `${path}.`) : [path];
  });
}

export function sameValue(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
