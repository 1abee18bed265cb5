import { spawnSync } from 'node:child_process';
import { askInstalled } from '../program.js';
import { type Check, must } from './check.js';

const rounds = 5;
/** Of the program's start over that of Node alone, with room for a busy machine. */
const limit = { ratio: 3, graceMs: 150 };

export function performanceChecks(): Check[] {
  return [['startup-time', ({ home }) => {
    const [bare, orchat]: [number[], number[]] = [[], []];
    // By turns, so that other work on the machine slows both.
    for (let round = 0; round < rounds; round++) {
      bare.push(timed(() => spawnSync(process.execPath, ['-e', '0'])));
      orchat.push(askInstalled(home, ['--version']).ms);
    }
    const [floor, median] = [medianOf(bare), medianOf(orchat)];
    must(median <= floor * limit.ratio + limit.graceMs, `${median} ms, where Node alone takes ${floor} ms`);
    return `${median} ms of ${rounds} starts, Node alone ${floor} ms`;
  }]];
}

function timed(work: () => void): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

function medianOf(values: number[]): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!);
}
