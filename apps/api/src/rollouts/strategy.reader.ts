import type { QueryBus } from '@nestjs/cqrs';
import type { PlanWish } from '#commands';
import { ResolveSelector } from '#projections';
import { Problem, orProblem } from '../problems/problem.js';
import type { StrategyBody, WaveBody } from './strategy.dto.js';

type Strategy = PlanWish['strategy'];
type Wave = NonNullable<Strategy['waves']>[number];

/** A strategy as the rules take it: what waves select is read now, and fixed in the plan by name. */
export async function readStrategy(queries: QueryBus, body: StrategyBody | null | undefined, product: string): Promise<Strategy> {
  const { waves, ...rest } = body ?? {};
  const read: Wave[] = [];
  for (const [i, wave] of (waves ?? []).entries()) read.push(await readWave(queries, i, wave, product));
  // Fields that were not sent stand there as undefined, which no plan can hold.
  return JSON.parse(JSON.stringify({ ...rest, ...(waves ? { waves: read } : {}) })) as Strategy;
}

async function readWave(queries: QueryBus, i: number, { size, percent, nodes }: WaveBody, product: string): Promise<Wave> {
  if ([size, percent, nodes].filter((one) => one !== undefined && one !== null).length !== 1) {
    throw new Problem('malformed', 'request-invalid', `strategy.waves[${i}] must have one of size, percent and nodes`, 'Mend the wave.');
  }
  if (typeof size === 'number') return { size };
  if (typeof percent === 'number') return { percent };
  return { nodes: orProblem(await queries.execute(new ResolveSelector(nodes!, product))).nodes };
}
