/** One member of a JSON object, with its name and value exactly as they were written. */
export interface Member {
  key: string;
  rawKey: string;
  raw: string;
}

/**
 * The top-level members of a JSON object, which the caller has parsed before, so that the text is sound.
 * A person's own settings are carried on as written: parsing would round large numbers and rewrite escapes.
 */
export function membersOf(text: string): Member[] {
  const members: Member[] = [];
  let at = skipSpace(text, text.indexOf('{') + 1);
  while (text[at] !== '}') {
    const keyEnd = endOfText(text, at);
    const start = skipSpace(text, text.indexOf(':', keyEnd) + 1);
    const end = endOfValue(text, start);
    const rawKey = text.slice(at, keyEnd);
    members.push({ key: JSON.parse(rawKey) as string, rawKey, raw: text.slice(start, end) });
    at = skipSpace(text, end);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return members;
}

function skipSpace(text: string, at: number): number {
  while (/\s/.test(text[at]!)) at++;
  return at;
}

function endOfText(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function endOfValue(text: string, start: number): number {
  let at = start;
  let depth = 0;
  do {
    const character = text[at]!;
    if (character === '"') at = endOfText(text, at);
    else if (depth === 0 && !/[[{]/.test(character)) return endOfWord(text, at);
    else {
      if (/[[{]/.test(character)) depth++;
      if (/[\]}]/.test(character)) depth--;
      at++;
    }
  } while (depth > 0);
  return at;
}

function endOfWord(text: string, start: number): number {
  let at = start;
  while (/[^\s,}\]]/.test(text[at]!)) at++;
  return at;
}
