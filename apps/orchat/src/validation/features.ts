import { askInstalled } from '../program.js';
import type { Release } from '../releases.js';
import { type Check, must } from './check.js';

/** In test mode: what a person asked and what was measured stay as they are. */
const testing = { ORCHAT_TEST_MODE: '1' };

export function featureChecks({ features }: Release): Check[] {
  return features.map((feature): Check => [feature, ({ home }) => {
    const { exit, json } = askInstalled(home, [`Test ${feature} functionality`, '--json'], testing);
    must(exit === 0 && json.ok === true && json.feature === feature, String(json.message));
    return String(json.message);
  }]);
}

export function workflowChecks(): Check[] {
  return [
    ['document', ({ home }) => {
      const ask = () => askInstalled(home, ['Generate test document', '--json'], testing);
      const [first, second] = [ask(), ask()];
      must(first.exit === 0 && typeof first.json.answer === 'string' && first.json.answer !== '', first.stderr.trim());
      must(first.json.answer === second.json.answer, 'the same prompt has two answers');
      return String(first.json.answer);
    }],
    ['workspace', ({ home }) => {
      const { exit, json, stderr } = askInstalled(home, ['workspace', 'analyze', '--json'], testing);
      must(exit === 0 && Number(json.folders) > 0, stderr.trim());
      return `${String(json.files)} files`;
    }],
    ['health-mark', ({ home }) => {
      const { stdout } = askInstalled(home, ['health-check'], testing);
      must(stdout.includes('✅'), stdout.trim().split('\n').at(-1)!);
      return 'ends in its mark';
    }],
    ['misuse', ({ home }) => {
      const { exit } = askInstalled(home, ['--no-such-option'], testing);
      must(exit === 2, `an option that is none ends in ${exit} instead of 2`);
      return 'told by exit code 2';
    }],
  ];
}
