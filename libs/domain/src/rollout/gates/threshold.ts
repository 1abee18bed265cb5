/** A limit as people write it: `< 0.05`, `<=5`, `> 99.5`, `== 0`. */
export interface Threshold {
  operator: '<' | '<=' | '>' | '>=' | '==' | '!=';
  limit: number;
}

const written = /^\s*(<=|>=|==|!=|<|>)\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*$/;

/** Undefined when it cannot be read: nobody may guess what was meant. */
export function parseThreshold(text: string): Threshold | undefined {
  const [, operator, number] = written.exec(text) ?? [];
  const limit = Number(number);
  return operator === undefined || !Number.isFinite(limit) ? undefined : { operator: operator as Threshold['operator'], limit };
}

export function meets({ operator, limit }: Threshold, value: number): boolean {
  switch (operator) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '==':
      return value === limit;
    case '!=':
      return value !== limit;
  }
}
