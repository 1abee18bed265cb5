import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { AdoptPolicy, refusalText } from '#commands';
import { parsePolicy } from '#messaging';
import { newId } from '#platform';
import type { Logger } from '#platform';

/** Adopts the policy of the catalogue directory, if it is another than the one in force. One that cannot be used changes nothing. */
export async function adoptPolicyFile(app: INestApplication, folder: string, logger: Logger): Promise<void> {
  const file = join(folder, 'policy.yaml');
  if (!existsSync(file)) return;
  const policy = parsePolicy(file, readFileSync(file, 'utf8'));
  if ('problems' in policy) {
    for (const problem of policy.problems) logger.error('the policy has a mistake', { ...problem });
    return;
  }
  const outcome = await app.get(CommandBus).execute(new AdoptPolicy({ command: newId(), actor: { kind: 'service', ref: 'api' } }, policy));
  if (!outcome.ok) logger.error('the policy was refused', { file, code: outcome.refusal.code, ...refusalText(outcome.refusal) });
}
