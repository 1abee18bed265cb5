#!/usr/bin/env node
// How often a canary's verdict is wrong: false alarms on releases that are well, misses on releases that are bad, with the
// very rules that judge rollouts. Nodes differ from each other, jitter over time and drift together; all from fixed seeds.
//   node scripts/prepare.mjs && node test/bench/canary.mjs [--runs N] [--json]
import { createHash } from 'node:crypto';
import { completeGate, judgeGate } from '../../dist/libs/domain/src/index.js';

const args = process.argv.slice(2);
const runs = Number(args[args.indexOf('--runs') + 1] || 1_000) || 1_000;
const opened = '2026-01-16T09:00:00.000Z';
const gate = completeGate({ gate: 'canary', soakSeconds: 1800, looks: 3, metrics: [{ metric: 'errors' }] });
const minutes = 30;

/** sfc32 over a seed's digest: no draw of one run depends on another's. */
function chance(seed) {
  let [a, b, c, d] = [...new Uint32Array(createHash('sha256').update(seed).digest().buffer.slice(0, 16))];
  return () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t | 0;
    return (t >>> 0) / 4_294_967_296;
  };
}

function poisson(mean, draw) {
  if (mean > 400) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(draw)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = draw(); product > limit; product *= draw()) count++;
  return count;
}

const normal = (draw) => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());

/** Gamma with mean 1 and this variance, by Marsaglia and Tsang. */
function gamma(variance, draw) {
  if (variance === 0) return 1;
  const shape = 1 / variance;
  if (shape < 1) return gammaOf(shape + 1, draw) * draw() ** (1 / shape) * variance;
  return gammaOf(shape, draw) * variance;
}

function gammaOf(shape, draw) {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(draw);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - draw()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** One rollout's canaries, as they would be found at each look; the verdict that stands at the end. */
function verdictOf({ canaries, control, rate = 20, spread, jitter, drift, worse, failing }, seed) {
  const draw = chance(seed);
  const digest = createHash('sha256').update(`plan ${seed}`).digest('hex');
  const nodes = Array.from({ length: canaries + control }, (_, i) => {
    const canary = i < canaries;
    const own = rate * gamma(spread, draw);
    const periods = Array.from({ length: 4 }, (__, period) => {
      const mean = (own / 3) * gamma(jitter, draw) * (period === 0 ? 3 : drift * (canary ? worse : 1));
      return poisson(mean, draw);
    });
    return { node: `n-${i}`, group: canary ? 'canary' : 'control', failed: canary && draw() < failing, periods };
  });
  let stand = { gate: 0, dueBy: '2026-01-16T10:00:00.000Z', askedAt: null, samples: 0, good: 0, bad: 0, looks: 0, verdict: null, parts: [] };
  for (let look = 1; ; look++) {
    const takenAt = new Date(Date.parse(opened) + look * 600_000).toISOString();
    const found = nodes.map(({ node, group, failed, periods: [before, ...since] }) => ({
      node, group, outcome: failed ? 'failed' : 'ok', reason: null,
      counts: { errors: { before: { count: before, over: minutes }, since: { count: since.slice(0, look).reduce((sum, one) => sum + one, 0), over: look * 10 } } },
    }));
    const judged = judgeGate({ gate, stand, openedAt: opened, takenAt, seed: digest }, [{ gate: 'canary', nodes: found }]);
    if (judged.final) return judged.verdict;
    stand = { ...stand, samples: stand.samples + 1, looks: judged.looks };
  }
}

const groups = [[2, 8], [3, 9], [5, 20], [10, 50]];
const worlds = [
  { world: 'alike', spread: 0, jitter: 0, drift: 1 },
  { world: 'nodes differ, a common drift', spread: 1, jitter: 0, drift: 1.3 },
  { world: 'nodes differ and jitter, a common drift', spread: 1, jitter: 0.1, drift: 1.3 },
];
const releases = [
  { release: 'well', worse: 1, failing: 0 }, { release: 'well, 1 % of nodes fail anyway', worse: 1, failing: 0.01 },
  { release: 'twice the errors', worse: 2, failing: 0 }, { release: 'five times the errors', worse: 5, failing: 0 },
  { release: 'a fifth of the nodes fails', worse: 1, failing: 0.2 }, { release: 'half of the nodes fails', worse: 1, failing: 0.5 },
];

const rows = [];
for (const [canaries, control] of groups) {
  for (const world of worlds) {
    for (const release of releases) {
      const counts = { promote: 0, hold: 0, rollback: 0, insufficient: 0 };
      for (let run = 0; run < runs; run++) counts[verdictOf({ canaries, control, ...world, ...release }, `${canaries} ${control} ${world.world} ${release.release} ${run}`)] += 1;
      const share = Object.fromEntries(Object.entries(counts).map(([verdict, count]) => [verdict, count / runs]));
      rows.push({ canaries, control, world: world.world, release: release.release, runs, ...share });
    }
  }
}

const percent = (share) => `${(share * 100).toFixed(1)} %`.padStart(8);
if (args.includes('--json')) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
else {
  process.stdout.write(`${runs} simulated canaries a line, ${gate.looks} looks, 20 errors for a node before. A release that is well and is not promoted is a false alarm; a bad one that is promoted is a miss.\n`);
  for (const [i, row] of rows.entries()) {
    const before = rows[i - 1];
    if (before?.canaries !== row.canaries || before?.world !== row.world) process.stdout.write(`\n${row.canaries} canaries, ${row.control} left alone: ${row.world}\n${'release'.padEnd(34)}  promote      hold  rollback  ${'wrong'.padStart(8)}\n`);
    const well = row.worse === undefined && row.release.startsWith('well');
    process.stdout.write(`${row.release.padEnd(34)} ${percent(row.promote)}  ${percent(row.hold)}  ${percent(row.rollback)}  ${well ? `${percent(1 - row.promote)} false alarm` : `${percent(row.promote)} missed`}\n`);
  }
}
