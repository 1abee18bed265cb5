import { join } from 'node:path';
import type { Command } from 'commander';
import { exitCodes, systemClock } from '#platform';
import type { Context } from '../context.js';
import { UpgradeLog } from '../upgrade/upgrade-log.js';
import { upgradeNode } from '../upgrade/upgrade-node.js';

export function upgradeCommand(program: Command, context: () => Context): void {
  program
    .command('upgrade')
    .argument('<node>', 'name of the node')
    .option('--to <version>', 'release to come to, or latest', 'latest')
    .option('--log <file>', 'where each run is written down (else logs/upgrade-NODE.log in the home)')
    .description('one node from pre-flight checks to validation; safe to repeat, goes on where it was')
    .action(async (node: string, { to, log: file }: { to: string; log?: string }) => {
      const { api, out, home } = context();
      const log = new UpgradeLog({ out, node, clock: systemClock, file: file ?? join(home, 'logs', `upgrade-${encodeURIComponent(node)}.log`) });
      const result = await upgradeNode(api, log, node, to);
      out.object(result);
      out.text(`The log is ${log.file}; all that is on record: rollbook node history ${node}`);
      if (result.state !== 'succeeded') process.exitCode = exitCodes.rolloutNotSucceeded;
    });
}
