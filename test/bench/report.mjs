/** The figures of one bench, each as the median of its rounds with the least and the greatest. */
export class Report {
  #figures = new Map();
  #ratios = new Map();
  #limits = [];

  constructor(bench) {
    this.bench = bench;
  }

  /** `most` and `least` are what the figure is to keep to. */
  figure(name, values, { unit, most, least }) {
    this.#figures.set(name, { ...spreadOf(values), unit, target: { most, least } });
  }

  /** One value for each round, so that both sides of a ratio met the machine in the same state. */
  ratio(name, values, { most, least } = {}) {
    this.#ratios.set(name, { ...spreadOf(values), unit: '', target: { most, least } });
  }

  limit(text) {
    this.#limits.push(text);
  }

  asJson() {
    const all = [...this.#figures, ...this.#ratios];
    const pick = (entries, value) => Object.fromEntries(entries.map(([name, one]) => [name, value(one)]));
    return {
      bench: this.bench,
      figures: pick([...this.#figures], (one) => one.median),
      ratios: pick([...this.#ratios], (one) => one.median),
      noise: pick(all, ({ least, most }) => [least, most]),
      targets: pick(all.filter(hasTarget), (one) => ({ ...one.target, met: isMet(one) })),
      units: pick([...this.#figures], (one) => one.unit),
      limits: this.#limits.join(' '),
    };
  }

  asText(about, { cores, node, postgres }) {
    const rows = [['', 'median', 'least', 'most', '', 'target']];
    for (const [name, one] of [...this.#figures, ...this.#ratios]) {
      const target = hasTarget([name, one]) ? `${wordsOf(one.target)}: ${isMet(one) ? 'met' : 'missed'}` : '';
      rows.push([this.#ratios.has(name) ? `${name} (ratio)` : name, ...[one.median, one.least, one.most].map(numberText), one.unit, target]);
    }
    const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
    const line = (row) => row.map((cell, i) => (i >= 1 && i <= 3 ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  ').trimEnd();
    const on = `On ${cores} cores, Node ${node}${postgres === null ? '' : `, PostgreSQL ${postgres}, every commit on disk`}.`;
    return [`${this.bench}: ${about}`, '', ...rows.map(line), '', ...this.#limits, on, ''].join('\n');
  }
}

function spreadOf(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: rounded(percentile(sorted, 0.5)), least: rounded(sorted[0]), most: rounded(sorted.at(-1)) };
}

/** Of sorted values. */
export function percentile(sorted, part) {
  const at = (sorted.length - 1) * part;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

function hasTarget([, { target }]) {
  return target.most !== undefined || target.least !== undefined;
}

function isMet({ median, target: { most = Infinity, least = -Infinity } }) {
  return median <= most && median >= least;
}

function wordsOf({ least, most }) {
  return most === undefined ? `at least ${numberText(least)}` : `at most ${numberText(most)}`;
}

function rounded(value) {
  return Number(value.toPrecision(4));
}

function numberText(value) {
  return value >= 1_000 ? Math.round(value).toLocaleString('en-US') : String(value);
}
