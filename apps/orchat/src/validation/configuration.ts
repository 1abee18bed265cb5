import { readFileSync } from 'node:fs';
import { askInstalled } from '../program.js';
import { withScratchHome } from '../scratch.js';
import { parseSettings } from '../settings/settings.js';
import { type Check, must } from './check.js';

const older = 'v0.6.2';

export function configurationChecks(): Check[] {
  return [
    ['valid', ({ home }) => {
      const { json } = askInstalled(home, ['--validate-config', '--json']);
      must(json.valid === true, JSON.stringify(json.problems));
      return `schema ${String(json.schema)}`;
    }],
    ['converted', ({ home, release }) => {
      const { json } = askInstalled(home, ['--check-migration', '--json']);
      must(json.needed === false, `the settings are not yet those of ${release.version}`);
      return 'no migration is needed';
    }],
    ['way-back', ({ home, release }) => withScratchHome(home, (scratch) => {
      const before = parseSettings(readFileSync(scratch.settings, 'utf8'));
      const down = askInstalled(scratch, ['--migrate-config', `--to=${older}`, '--json']);
      // Settings that the older release has no place for are refused with their names, and nothing is lost.
      if (down.json.code === 'would-lose-settings') return `refused: ${JSON.stringify(down.json.losses)}`;
      must(down.exit === 0, down.stderr.trim());
      must(askInstalled(scratch, ['--migrate-config', `--from=${older}`, `--to=${release.version}`, '--json']).exit === 0, 'there is no way up again');
      const after = parseSettings(readFileSync(scratch.settings, 'utf8'));
      must(JSON.stringify(after) === JSON.stringify(before), 'the settings are others after going down and up');
      return 'down and up again, nothing lost';
    })],
    ['broken', ({ home }) => withScratchHome(home, (scratch) => {
      const { json, exit } = askInstalled(scratch, ['--validate-config', '--json'], { ORCHAT_CONFIG: scratch.binary });
      must(exit === 1 && json.valid === false, 'a file that holds no settings passes for settings');
      return 'told';
    })],
  ];
}
