/** One environment variable: its name, how it is read, and what people are told about it. */
export interface Setting<T> {
  name: string;
  about: string;
  /** Shown in the documentation; the value itself comes from `read`. */
  defaultText: string;
  /** A secret's value is never printed, nor put into an error. */
  secret: boolean;
  read(raw: string | undefined): T;
}

/** What is wrong with a variable, in words that never hold its value. */
export class SettingProblem extends Error {}

type Options<T> = { default?: T; defaultText?: string; secret?: boolean };

function setting<T>(name: string, about: string, options: Options<T>, parse: (raw: string) => T): Setting<T> {
  return {
    name,
    about,
    secret: options.secret ?? false,
    defaultText: options.defaultText ?? (options.default === undefined ? '' : String(options.default)),
    read: (raw) => (raw === undefined || raw === '' ? (options.default as T) : parse(raw)),
  };
}

export function text(name: string, about: string, options: Options<string> = {}): Setting<string | undefined> {
  return setting<string | undefined>(name, about, options, (raw) => raw);
}

export function textOr(name: string, about: string, fallback: string): Setting<string> {
  return setting(name, about, { default: fallback }, (raw) => raw);
}

export function integer(name: string, about: string, fallback: number, min: number, max: number): Setting<number> {
  return setting(name, about, { default: fallback }, (raw) => {
    const value = /^\d+$/.test(raw) ? Number(raw) : NaN;
    if (!(value >= min && value <= max)) throw new SettingProblem(`must be a whole number from ${min} to ${max}`);
    return value;
  });
}

export function oneOf<const T extends string>(name: string, about: string, values: readonly T[], fallback: T): Setting<T> {
  return setting<T>(name, about, { default: fallback, defaultText: fallback }, (raw) => {
    if (!values.includes(raw as T)) throw new SettingProblem(`must be one of: ${values.join(', ')}`);
    return raw as T;
  });
}

export function flag(name: string, about: string): Setting<boolean> {
  return setting<boolean>(name, about, { default: false, defaultText: 'no' }, (raw) => {
    if (!['yes', 'no', '1', '0', 'true', 'false'].includes(raw)) throw new SettingProblem('must be yes or no');
    return ['yes', '1', 'true'].includes(raw);
  });
}

export function list(name: string, about: string, options: { item: RegExp; itemAbout: string; default?: string[] }): Setting<string[]> {
  const fallback = options.default ?? [];
  return setting<string[]>(name, about, { default: fallback, defaultText: fallback.join(',') }, (raw) => {
    const items = raw.split(',').map((item) => item.trim()).filter((item) => item !== '');
    const bad = items.findIndex((item) => !options.item.test(item));
    if (bad >= 0) throw new SettingProblem(`entry ${bad + 1} must be ${options.itemAbout}`);
    if (items.length === 0) throw new SettingProblem(`must hold at least one entry: ${options.itemAbout}`);
    return items;
  });
}

export function url(name: string, about: string, schemes: string[], options: Options<string> = {}): Setting<string | undefined> {
  return setting<string | undefined>(name, about, options, (raw) => {
    const scheme = /^([a-z][a-z+.-]*):\/\//.exec(raw)?.[1];
    if (!scheme || !schemes.includes(scheme) || !URL.canParse(raw)) {
      throw new SettingProblem(`must be an address starting with ${schemes.map((s) => `${s}://`).join(' or ')}`);
    }
    return raw;
  });
}
