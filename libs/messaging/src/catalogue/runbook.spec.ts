import fc from 'fast-check';
import { Document, parse, stringify } from 'yaml';
import { fill } from './runbook-rules.js';
import { parameterPatterns, parseRunbook } from './runbook.js';

const text = `runbook: work
title: Do the work
parameters:
  to: { type: version }
  backup: { type: name }
  artifact: { type: artifact }
  sha256: { type: digest }
steps:
  - step: look
    title: Look first
    kind: health
    run: [thing, health, --json]
    timeout: 30s
    expect: { exit: 0, json: { health: healthy, checks.disk: true, count: 3 } }
    facts:
      health: { json: health }
    repeat: safe
    on-failure: stop
  - step: save
    title: Save
    kind: backup
    run: [thing, save, "--name=\${backup}"]
    timeout: 500ms
    facts:
      name: { json: name }
      sha256: { json: sha256 }
      bytes: { json: bytes }
    repeat: check
    done:
      run: [thing, show, "\${backup}"]
      expect: { stdout: '^complete' }
    on-failure: stop
    changes: false
  - step: put
    title: Put it in place
    kind: install
    install: { artifact: "\${artifact}", sha256: "\${sha256}", to: .local/bin/thing, mode: "755" }
    timeout: 5m
    repeat: safe
    attempts: 3
    on-failure: rollback
    changes: true
  - step: ask
    title: Ask for the version
    kind: version
    run: [thing, --version, 1.10, 0x10, yes, 1e3, 12345678901234567890]
    timeout: 1m
    expect: { exit: 0, stdout: '^v' }
    facts:
      version: { match: '^(v\\S+)$' }
    repeat: never
    on-failure: rollback
`;
const sample = parse(text) as { [field: string]: unknown };

const digestOf = (file: string) => {
  const parsed = parseRunbook('work.yaml', file);
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.runbook.digest;
};
const problems = (file: string) => {
  const parsed = parseRunbook('work.yaml', file);
  return 'problems' in parsed ? parsed.problems.map(({ line, field, says }) => `${line} ${field} ${says}`) : [];
};
/** The sample with some of its text replaced; each must be there. */
const changed = (...changes: [string, string][]) => changes.reduce((file, [from, to]) => {
  if (!file.includes(from)) throw new Error(`the sample does not hold ${from}`);
  return file.replace(from, () => to);
}, text);
const lineOf = (part: string, file = text) => file.slice(0, file.indexOf(part)).split('\n').length;

it('reads a good one', () => {
  const parsed = parseRunbook('work.yaml', text);
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  const { content } = parsed.runbook;
  expect(content.steps.map(({ step, timeoutMs, attempts, changes }) => [step, timeoutMs, attempts, changes])).toEqual([
    ['look', 30_000, 1, false], ['save', 500, 1, false], ['put', 300_000, 3, true], ['ask', 60_000, 1, false],
  ]);
  expect(content.steps[0]!.expect).toEqual({ exit: 0, stdout: null, json: { health: 'healthy', 'checks.disk': true, count: 3 } });
  expect(content.steps[1]!.expect).toEqual({ exit: 0, stdout: null, json: {} });
  expect(content.steps[1]!.done).toEqual({ run: ['thing', 'show', '${backup}'], expect: { exit: null, stdout: '^complete', json: {} } });
  expect(content.steps[2]!.install).toEqual({ artifact: '${artifact}', sha256: '${sha256}', to: '.local/bin/thing', mode: '755' });
});

it('hands arguments on as they are written: 1.10 is not 1.1', () => {
  const parsed = parseRunbook('work.yaml', text);
  expect('runbook' in parsed && parsed.runbook.content.steps[3]!.run).toEqual(['thing', '--version', '1.10', '0x10', 'yes', '1e3', '12345678901234567890']);
});

it('has the digest that it always had', () => {
  // Orders and approvals name runbooks by it: another one for the same text would make all of them unknown.
  expect(digestOf(text)).toBe('c9a91c5e5ec29508edce2041898e49cd222e23ed15517a19540229a9bce06353');
});

describe('the digest', () => {
  /** The same values in any order of keys. */
  const turned = (value: unknown, next: () => number): unknown => {
    if (Array.isArray(value)) return value.map((one) => turned(one, next));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, one]) => [next(), key, turned(one, next)] as const);
    return Object.fromEntries(entries.sort((a, b) => a[0] - b[0]).map(([, key, one]) => [key, one]));
  };

  it('does not change with the order of keys, white space, quotes, comments or style', () => {
    // Numbers among the arguments are kept as texts, since writing YAML anew writes numbers in its own way.
    const steady = parse(changed(['1.10, 0x10, yes, 1e3, 12345678901234567890', '"1.10"'])) as object;
    const digest = digestOf(stringify(steady));
    const style = fc.record({
      indent: fc.integer({ min: 1, max: 8 }), lineWidth: fc.constantFrom(20, 80, 0), indentSeq: fc.boolean(), collectionStyle: fc.constantFrom('any', 'flow', 'block'),
      defaultStringType: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE'), defaultKeyType: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE'),
    });
    fc.assert(fc.property(style, fc.infiniteStream(fc.nat()), fc.string({ unit: 'grapheme-ascii', maxLength: 20 }), (options, numbers, comment) => {
      const document = new Document(turned(steady, () => numbers.next().value as number));
      document.comment = ` ${comment}`;
      expect(digestOf(document.toString(options as object))).toBe(digest);
    }), { numRuns: 60 });
  });

  it.each([
    ['the name', 'runbook: work', 'runbook: works'], ['a title', 'title: Look first', 'title: Look  first'], ['a parameter', 'to: { type: version }', 'to: { type: name }'],
    ['a kind', 'kind: version', 'kind: command'], ['an argument', 'health, --json', 'health, --jsonl'], ['how a number is written', '1.10, 0x10', '1.1, 0x10'],
    ['the order of arguments', 'thing, save,', 'save, thing,'], ['a time', 'timeout: 30s', 'timeout: 31s'], ['an exit code', '{ exit: 0, json', '{ exit: 1, json'],
    ['an expected value', 'count: 3', 'count: 4'], ['the type of an expected value', 'count: 3', 'count: "3"'], ['a path', 'checks.disk', 'checks.disc'],
    ['a pattern', '\'^v\' }', '\'^v1\' }'], ['where a fact comes from', 'health: { json: health }', 'health: { json: state }'], ['repetition', 'repeat: never', 'repeat: safe'],
    ['how to look', '^complete', '^Complete'], ['attempts', 'attempts: 3', 'attempts: 2'], ['a place', '.local/bin/thing', '.local/bin/things'],
    ['a mode', '"755"', '"700"'], ['what follows a failure', 'on-failure: stop\n    changes: false', 'on-failure: rollback\n    changes: false'],
  ])('changes with %s', (_, from, to) => {
    expect(digestOf(changed([from, to]))).not.toBe(digestOf(text));
  });

  it('changes with the order of steps', () => {
    const steps = sample['steps'] as object[];
    expect(digestOf(stringify({ ...sample, steps: [steps[1], steps[0], steps[2], steps[3]] }))).not.toBe(digestOf(stringify(sample)));
  });
});

describe('what is wrong is named with line and field', () => {
  it.each<[string, [string, string], string, RegExp]>([
    ['an unknown field of the runbook', ['title: Do', 'version: 1\ntitle: Do'], 'version: 1', /^version is not known here; known are runbook/],
    ['an unknown field of a step', ['repeat: never', 'shell: sh\n    repeat: never'], 'shell: sh', /^steps\[3\]\.shell is not known here/],
    ['an unknown field of expect', ['stdout: \'^v\' }', 'stdout: \'^v\', stderr: x }'], 'stderr: x', /^steps\[3\]\.expect\.stderr is not known here/],
    ['a missing title', ['title: Do the work\n', ''], 'runbook: work', /^title is missing; it must be a text of at most 120 characters/],
    ['a name in capitals', ['runbook: work', 'runbook: Work'], 'runbook: Work', /^runbook must be lower-case letters/],
    ['no steps', [text.slice(text.indexOf('steps:')), 'steps: []\n'], 'steps: []', /^steps must list at least one step/],
    ['steps that are no list', [text.slice(text.indexOf('steps:')), 'steps: 7\n'], 'steps: 7', /^steps must be a list/],
    ['parameters that are no map', [text.slice(text.indexOf('parameters:'), text.indexOf('steps:')), 'parameters: [a]\n'], 'parameters: [a]', /^parameters must be a map/],
    ['a parameter in capitals', ['to: { type: version }', 'To: { type: version }'], 'To: {', /^parameters\.To has a name/],
    ['a parameter of no type', ['{ type: version }', '{}'], 'to: {}', /^parameters\.to\.type is missing; it must be one of name, version, digest, artifact/],
    ['a parameter of another type', ['{ type: version }', '{ type: text }'], 'to: { type: text', /^parameters\.to\.type must be one of/],
    ['a kind that is none', ['kind: health', 'kind: wealth'], 'kind: wealth', /^steps\[0\]\.kind must be one of system, health/],
    ['a program with a path', ['run: [thing, health', 'run: [/bin/thing, health'], '/bin/thing', /^steps\[0\]\.run\[0\] must be the bare name of a program/],
    ['a program from above', ['run: [thing, health', 'run: [../thing, health'], '../thing', /^steps\[0\]\.run\[0\] must be the bare name/],
    ['a program from a parameter', ['run: [thing, health', 'run: ["${backup}", health'], '"${backup}", health', /^steps\[0\]\.run\[0\] must be the bare name/],
    ['no program', ['run: [thing, health, --json]', 'run: []'], 'run: []', /^steps\[0\]\.run must list a program/],
    ['a command line in one text', ['run: [thing, health, --json]', 'run: thing health'], 'run: thing health', /^steps\[0\]\.run must be a list/],
    ['an argument that is nothing', ['health, --json]', 'health, ~]'], '~]', /^steps\[0\]\.run\[2\] is missing; it must be a text/],
    ['an argument with NUL', ['health, --json]', 'health, "a\\0b"]'], '"a\\0b"', /^steps\[0\]\.run\[2\] must be a text/],
    ['an argument with half a character', ['health, --json]', 'health, "\\ud800"]'], '"\\ud800"', /^steps\[0\]\.run\[2\] must be a text/],
    ['an argument that is a list', ['health, --json]', 'health, [a]]'], '[a]]', /^steps\[0\]\.run\[2\] must be a text/],
    ['no time limit', ['    timeout: 30s\n', ''], 'step: look', /^steps\[0\]\.timeout is missing/],
    ['a time without a unit', ['timeout: 30s', 'timeout: 30'], 'timeout: 30', /^steps\[0\]\.timeout must be a time like/],
    ['a time of nothing', ['timeout: 30s', 'timeout: 0s'], 'timeout: 0s', /^steps\[0\]\.timeout must lie between 100ms and a day/],
    ['a time of more than a day', ['timeout: 30s', 'timeout: 1441m'], 'timeout: 1441m', /^steps\[0\]\.timeout must lie between/],
    ['an exit code that is none', ['{ exit: 0, json', '{ exit: 256, json'], 'exit: 256', /^steps\[0\]\.expect\.exit must be a whole number from 0 to 255/],
    ['a pattern that does not compile', ['stdout: \'^v\'', 'stdout: \'(\''], 'stdout: \'(\'', /^steps\[3\]\.expect\.stdout is not a regular expression/],
    ['a path that is none', ['checks.disk', 'checks..disk'], 'checks..disk', /^steps\[0\]\.expect\.json\.checks\.\.disk must be named by a path/],
    ['an expected value that is a list', ['count: 3', 'count: [3]'], '[3]', /^steps\[0\]\.expect\.json\.count must be a text, a number/],
    ['an expected value that is no number', ['count: 3', 'count: .nan'], '.nan', /^steps\[0\]\.expect\.json\.count must be a text, a number/],
    ['an expected value without end', ['count: 3', 'count: .inf'], '.inf', /^steps\[0\]\.expect\.json\.count must be/],
    ['an expectation of nothing', ['expect: { exit: 0, stdout: \'^v\' }', 'expect: {}'], 'expect: {}', /^steps\[3\]\.expect must expect something/],
    ['a look that any result would satisfy', ['expect: { stdout: \'^complete\' }', 'expect: {}'], 'expect: {}', /^steps\[1\]\.done\.expect must expect something/],
    ['a fact with a bad name', ['bytes: { json: bytes }', 'by-tes: { json: bytes }\n      bytes: { json: bytes }'], 'by-tes', /^steps\[1\]\.facts\.by-tes has a name/],
    ['a fact from two places', ['{ match: \'^(v\\S+)$\' }', '{ match: \'^(v\\S+)$\', json: v }'], 'version: { match', /^steps\[3\]\.facts\.version must say either json or match/],
    ['a fact from a bad path', ['{ json: sha256 }', '{ json: .sha256 }'], '.sha256', /^steps\[1\]\.facts\.sha256\.json must be a path/],
    ['a fact from two groups', ['\'^(v\\S+)$\'', '\'^(v)(\\S+)$\''], '\'^(v)(', /^steps\[3\]\.facts\.version\.match must be a regular expression with exactly one group/],
    ['a fact from no group', ['\'^(v\\S+)$\'', '\'^v\\S+$\''], '\'^v\\S', /^steps\[3\]\.facts\.version\.match must be a regular expression with exactly one/],
    ['a repetition that is none', ['repeat: never', 'repeat: often'], 'repeat: often', /^steps\[3\]\.repeat must be one of safe, check, never/],
    ['too many attempts', ['attempts: 3', 'attempts: 6'], 'attempts: 6', /^steps\[2\]\.attempts must be a whole number from 1 to 5/],
    ['no word on a failure', ['    repeat: safe\n    on-failure: stop\n', '    repeat: safe\n'], 'step: look', /^steps\[0\]\.on-failure is missing; it must be one of stop, rollback/],
    ['a change that is neither', ['changes: true', 'changes: 1'], 'changes: 1', /^steps\[2\]\.changes must be true or false/],
    ['a place outside the home', ['to: .local/bin/thing', 'to: ../bin/thing'], '../bin/thing', /^steps\[2\]\.install\.to must be a path under the node's home/],
    ['a place that climbs out', ['to: .local/bin/thing', 'to: a/../../b'], 'a/../../b', /^steps\[2\]\.install\.to must be a path under/],
    ['a place from the root', ['to: .local/bin/thing', 'to: /bin/thing'], 'to: /bin', /^steps\[2\]\.install\.to must be a path under/],
    ['the home itself as a place', ['to: .local/bin/thing', 'to: "."'], 'to: "."', /^steps\[2\]\.install\.to must be a path under/],
    ['a folder as a place', ['to: .local/bin/thing', 'to: bin/'], 'to: bin/', /^steps\[2\]\.install\.to must be a path under/],
    ['a mode that is a number', ['mode: "755"', 'mode: 755'], 'mode: 755', /^steps\[2\]\.install\.mode must be three octal digits, in quotes/],
    ['an artifact from above', ['artifact: "${artifact}"', 'artifact: "../${artifact}"'], '"../$', /^steps\[2\]\.install\.artifact must be a relative path/],
    ['an artifact from anywhere', ['artifact: "${artifact}"', 'artifact: http://x/y'], 'http:', /^steps\[2\]\.install\.artifact must be a relative path/],
    ['half a digest', ['sha256: "${sha256}"', 'sha256: "abc"'], '"abc"', /^steps\[2\]\.install\.sha256 must be a parameter, or a SHA-256/],
  ])('%s', (_, change, at, told) => {
    const file = changed(change);
    expect(problems(file)).toContainEqual(expect.stringMatching(new RegExp(`^${lineOf(at, file)} ${told.source.slice(1)}`)));
  });
});

describe('what does not fit together is named at its step', () => {
  it.each<[string, [string, string][], string, RegExp]>([
    ['neither run nor install', [['    run: [thing, health, --json]\n', '']], 'step: look', /^steps\[0\] must say either run or install/],
    ['run and install', [['    run: [thing, health, --json]\n', '    run: [a]\n    install: { artifact: a, sha256: "${sha256}", to: a, mode: "700" }\n']], 'step: look', /^steps\[0\] must say either/],
    ['an install of another kind', [['kind: install', 'kind: command']], 'step: put', /^steps\[2\] kind: install and install: go together/],
    ['an install that changes nothing', [['changes: true', 'changes: false']], 'step: put', /^steps\[2\] is of kind install and must say changes: true/],
    ['a migration that changes nothing', [['kind: health', 'kind: migration'], ['health: { json: health }', 'fromSchema: { json: a }\n      toSchema: { json: b }']], 'step: look', /^steps\[0\] is of kind migration and must say changes/],
    ['a step name twice', [['step: save', 'step: look']], 'title: Save', /^steps\[1\] repeats the step name look/],
    ['a check that does not say how', [['    done:\n      run: [thing, show, "${backup}"]\n      expect: { stdout: \'^complete\' }\n', '']], 'step: save', /^steps\[1\] says repeat: check and must say with done/],
    ['a look that nobody takes', [['repeat: check', 'repeat: safe']], 'step: save', /^steps\[1\] says done, which only repeat: check uses/],
    ['never, but several times', [['repeat: never', 'repeat: never\n    attempts: 2']], 'step: ask', /^steps\[3\] says repeat: never and more than one attempt/],
    ['a stop after a change', [['repeat: never\n    on-failure: rollback', 'repeat: never\n    on-failure: stop']], 'step: ask', /^steps\[3\] comes with or after a change .* must say on-failure: rollback/],
    ['a stop with a change', [['attempts: 3\n    on-failure: rollback', 'attempts: 3\n    on-failure: stop']], 'step: put', /^steps\[2\] comes with or after a change/],
    ['a parameter that is not declared', [['  backup: { type: name }\n', '']], 'step: save', /^steps\[1\] uses \$\{backup\}, which the runbook does not declare/],
    ['a parameter of a name that every object has', [['"--name=${backup}"', '"--name=${constructor}"']], 'step: save', /^steps\[1\] uses \$\{constructor\}, which/],
    ['a parameter without a name', [['"--name=${backup}"', '"--name=${}"']], 'step: save', /^steps\[1\] uses \$\{\}, which/],
    ['a parameter of an artifact that is not declared', [['  artifact: { type: artifact }\n', '']], 'step: put', /^steps\[2\] uses \$\{artifact\}/],
    ['a kind without its facts', [['      bytes: { json: bytes }\n', ''], ['      name: { json: name }\n', '']], 'step: save', /^steps\[1\] is of kind backup and must declare the facts name, bytes/],
    ['more facts than a report can hold', [['health: { json: health }', Array.from({ length: 65 }, (_, i) => `f${i}: { json: a }`).join('\n      ').replace('f0:', 'health:')]], 'step: look', /^steps\[0\] declares more than 64 facts/],
  ])('%s', (_, changes, at, told) => {
    const file = changed(...changes);
    // A step begins at its dash, which stands in front of its first field.
    const near = new RegExp(`^(${lineOf(at, file)}|${lineOf(at, file) - 1}) ${told.source.slice(1)}`);
    expect(problems(file)).toContainEqual(expect.stringMatching(near));
  });

  it('lets what follows a restore stop, as it is the way back itself', () => {
    const file = changed(['kind: health', 'kind: restore'], ['health: { json: health }', 'sha256: { json: a }\n      matches: { json: b }'], ['repeat: safe\n    on-failure: stop', 'repeat: safe\n    changes: true\n    on-failure: stop']);
    expect(problems(file)).toEqual([]);
  });

  it('lets an install be looked for without a command', () => {
    expect(problems(changed(['repeat: safe\n    attempts: 3', 'repeat: check\n    attempts: 3']))).toEqual([]);
  });
});

it('tells several mistakes at once, and nothing that only follows from one', () => {
  const told = problems(changed(['title: Do', 'titel: Do'], ['kind: health', 'kind: wealth'], ['timeout: 500ms', 'timeout: soon'], ['mode: "755"', 'mode: "999"'], ['repeat: never', 'repeat: never\n    attempts: 2']));
  expect(told.map((one) => one.split(' ')[1])).toEqual(['titel', 'steps[0].kind', 'steps[1].timeout', 'steps[2].install.mode', 'title', 'steps[3]']);
});

describe('filling', () => {
  it('puts values in the place of parameters, and nothing else', () => {
    expect(fill('--to=${to}/${backup}', { to: 'v1', backup: '${to}$&$1' })).toBe('--to=v1/${to}$&$1');
    expect(fill('$to {to} ${', { to: 'v1' })).toBe('$to {to} ${');
  });

  it('throws where a value is missing, also of a name that every object has', () => {
    expect(() => fill('${to}', {})).toThrow('no value for the parameter to');
    expect(() => fill('${toString}', {})).toThrow('no value for the parameter toString');
  });

  it.each(Object.keys(parameterPatterns) as (keyof typeof parameterPatterns)[])('takes no value of type %s that could end an argument or climb out', (type) => {
    const bad = ['', ' ', '-x', '--force', '..', '../x', 'a/../b', '/etc', 'a b', 'a\nb', 'a\0', '$(x)', '`x`', 'a;b', 'a\\b', '~', 'ü'];
    expect(bad.filter((value) => parameterPatterns[type].test(value))).toEqual([]);
  });
});
