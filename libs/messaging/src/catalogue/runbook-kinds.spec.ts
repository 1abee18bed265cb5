import { parseRunbook } from './runbook.js';

const text = `runbook: kinds
title: The kinds that came later
parameters:
  backup: { type: name }
steps:
  - step: save
    title: Save everything
    kind: archive
    run: [thing, pack, "\${backup}"]
    env: { THING_MODE: test, THING_BACKUP: "\${backup}", THING_LEVEL: 1.10 }
    timeout: 30s
    facts:
      name: { json: name }
      sha256: { json: sha256 }
      bytes: { json: bytes }
    repeat: safe
    on-failure: stop
  - step: before
    title: Time the start
    kind: baseline
    run: [thing, --version]
    measure: 5
    timeout: 30s
    repeat: safe
    on-failure: stop
  - step: suite
    title: Run the validation suite
    kind: validation
    run: [thing, validate]
    timeout: 30s
    facts:
      suite: { json: suite }
      total: { json: total }
      passed: { json: passed }
      failed: { json: failed }
    repeat: safe
    on-failure: stop
  - step: clear
    title: Remove the old one
    kind: remove
    run: [rm, -rf, .config/thing]
    timeout: 30s
    repeat: safe
    on-failure: rollback
    changes: true
  - step: look
    title: Show what was converted
    kind: review
    run: [diff, a, b]
    decide-within: 90m
    timeout: 30s
    expect: { exit: 1 }
    repeat: safe
    on-failure: rollback
`;

const stepsOf = (file: string) => {
  const parsed = parseRunbook('kinds.yaml', file);
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.runbook;
};
const problems = (from: string, to: string) => {
  if (!text.includes(from)) throw new Error(`the sample does not hold ${from}`);
  const parsed = parseRunbook('kinds.yaml', text.replace(from, () => to));
  return 'problems' in parsed ? parsed.problems.map(({ line, field, says }) => `${line} ${field} ${says}`) : [];
};

it('reads variables, measures and how long a person has', () => {
  const { steps } = stepsOf(text).content;
  expect(steps.map(({ kind, env, measure, decideMs }) => [kind, env, measure, decideMs])).toEqual([
    ['archive', { THING_MODE: 'test', THING_BACKUP: '${backup}', THING_LEVEL: '1.10' }, undefined, undefined],
    ['baseline', undefined, 5, undefined], ['validation', undefined, undefined, undefined], ['remove', undefined, undefined, undefined],
    ['review', undefined, undefined, 5_400_000],
  ]);
});

it.each<[string, string, string]>([
  ['a variable', 'THING_MODE: test', 'THING_MODE: tests'], ['a measure', 'measure: 5', 'measure: 6'], ['a wait', 'decide-within: 90m', 'decide-within: 91m'],
])('changes its digest with %s', (_, from, to) => {
  expect(stepsOf(text.replace(from, to)).digest).not.toBe(stepsOf(text).digest);
});

it.each<[string, string, string, RegExp]>([
  ['a variable in small letters', 'THING_MODE', 'mode', /^10 steps\[0\]\.env\.mode has a name that is not capitals/],
  ['a variable that the agent sets', 'THING_MODE', 'PATH', /^10 steps\[0\]\.env\.PATH is set by the agent itself/],
  ['a variable by which the agent knows its processes', 'THING_MODE', 'ROLLBOOK_ORDER', /^10 steps\[0\]\.env\.ROLLBOOK_ORDER is set by the agent itself/],
  ['a variable from a parameter that is not declared', '"${backup}", THING_LEVEL', '"${to}", THING_LEVEL', /^6 steps\[0\] uses \$\{to\}, which the runbook does not declare/],
  ['variables that are a list', '{ THING_MODE: test, THING_BACKUP: "${backup}", THING_LEVEL: 1.10 }', '[A]', /^10 steps\[0\]\.env must be a map/],
  ['a baseline without a measure', '    measure: 5\n', '', /^1[78] steps\[1\] kind: baseline and measure: go together/],
  ['a measure of something else', 'kind: archive', 'kind: archive\n    measure: 3', /^[67] steps\[0\] kind: baseline and measure: go together/],
  ['a measure of nothing', 'measure: 5', 'measure: 0', /^22 steps\[1\]\.measure must be a whole number from 1 to 50/],
  ['a baseline that is looked for', 'measure: 5\n    timeout: 30s\n    repeat: safe', 'measure: 5\n    timeout: 30s\n    repeat: check\n    done: { run: [a] }', /^1[78] steps\[1\] is of kind baseline and cannot be found done/],
  ['a baseline that the product tells', 'measure: 5', 'measure: 5\n    facts: { medianMs: { json: ms } }', /^1[78] steps\[1\] declares the fact medianMs, which the agent measures itself/],
  ['a validation without its counts', '      passed: { json: passed }\n', '', /steps\[2\] is of kind validation and must declare the facts passed/],
  ['an archive without its size', '      bytes: { json: bytes }\n', '', /^6 steps\[0\] is of kind archive and must declare the facts bytes/],
  ['a removal that changes nothing', '    changes: true\n', '', /steps\[3\] is of kind remove and must say changes: true/],
  ['a wait of something else', 'kind: review', 'kind: command', /steps\[4\] says decide-within, which only kind: review uses/],
])('names %s', (_, from, to, told) => {
  expect(problems(from, to)).toContainEqual(expect.stringMatching(told));
});

it('has no variables for an install', () => {
  const put = '    install: { artifact: a, sha256: "${sha256}", to: a, mode: "700" }\n    env: { A: b }\n';
  const file = text.replace('kind: remove\n    run: [rm, -rf, .config/thing]\n', `kind: install\n${put}`).replace('backup: { type: name }', 'backup: { type: name }\n  sha256: { type: digest }');
  const parsed = parseRunbook('kinds.yaml', file);
  expect('problems' in parsed && parsed.problems.map((one) => one.says)).toEqual(['says env, which only run uses']);
});
