import { parseProduct } from './catalogue.js';

const text = `product: thing
name: The Thing
version-command: [thing, --version]
releases:
  - version: v2
  - version: v1
paths:
  - from: [v1]
    to: v2
    migration: manual
    notes: [Copy the custom settings over, Tell the team]
    upgrade: [check, "@install", verify]
    rollback: ["@rollback"]
methods:
  - method: binary
    install: [put]
    rollback: [put-back]
  - method: apt
    install: [apt]
    rollback: [apt-back]
    when: { os: linux, fact/installer: apt, tier: 1.10 }
downgrades:
  - from: [v2]
    to: v1
    runbooks: [down]
  - from: [v2]
    to: "0.9"
    reason: Its history cannot be read by it.
procedures:
  - procedure: reinstall
    title: Uninstall and install again
    runbooks: [save, wipe]
  - procedure: repair
    title: Mend the owner
    runbooks: [chown]
    to: v2
`;
const problems = (...changes: [string, string][]) => {
  const file = changes.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`the sample does not hold ${from}`);
    return before.replace(from, () => to);
  }, text);
  const parsed = parseProduct('product.yaml', file);
  return 'problems' in parsed ? parsed.problems.map(({ line, field, says }) => `${line} ${field} ${says}`) : [];
};

it('reads paths with notes, methods, ways down and procedures', () => {
  expect(parseProduct('product.yaml', text)).toMatchObject({
    paths: [{
      from: ['v1'], to: 'v2', migration: 'manual', notes: ['Copy the custom settings over', 'Tell the team'],
      upgrade: ['check', '@install', 'verify'], rollback: ['@rollback'],
    }],
    methods: [
      { method: 'binary', install: ['put'], rollback: ['put-back'], when: {} },
      { method: 'apt', install: ['apt'], rollback: ['apt-back'], when: { os: 'linux', 'fact/installer': 'apt', tier: '1.10' } },
    ],
    downgrades: [
      { from: ['v2'], to: 'v1', runbooks: ['down'], reason: null },
      { from: ['v2'], to: '0.9', runbooks: [], reason: 'Its history cannot be read by it.' },
    ],
    procedures: [
      { procedure: 'reinstall', title: 'Uninstall and install again', runbooks: ['save', 'wipe'], to: null },
      { procedure: 'repair', title: 'Mend the owner', runbooks: ['chown'], to: 'v2' },
    ],
  });
});

it.each<[string, [string, string], RegExp]>([
  ['a note that is a number', ['[Copy the custom settings over,', '[7,'], /^11 paths\[0\]\.notes\[0\] must be a text/],
  ['another place than the one for installing', ['"@install"', '"@remove"'], /^12 paths\[0\]\.upgrade\[1\] must be the name of a runbook, or @install/],
  ['the place for going back on the way there', ['"@install"', '"@rollback"'], /^12 paths\[0\]\.upgrade\[1\] must be the name of a runbook, or @install/],
  ['a method without a name', ['method: binary\n    install', 'install'], /^15 methods\[0\]\.method is missing/],
  ['a method that installs nothing', ['install: [put]', 'install: []'], /^16 methods\[0\]\.install must list at least one runbook/],
  ['a method without a way back', ['    rollback: [put-back]\n', ''], /^15 methods\[0\]\.rollback must list at least one runbook/],
  ['a method within a method', ['install: [put]', 'install: ["@install"]'], /^16 methods\[0\]\.install\[0\] must be the name of a runbook$/],
  ['a condition on what no label can be', ['{ os: linux', '{ "-os": linux'], /^21 methods\[1\]\.when\.-os has a name that no label can have/],
  ['a condition on several values', ['os: linux', 'os: [linux, darwin]'], /^21 methods\[1\]\.when\.os must be a text/],
  ['a way down that is neither', ['    runbooks: [down]\n', ''], /^23 downgrades\[0\] must say either runbooks, or the reason why there are none/],
  ['a way down that is both', ['runbooks: [down]', 'runbooks: [down]\n    reason: None'], /^23 downgrades\[0\] must say either runbooks, or the reason/],
  ['a way down to nowhere', ['to: v1\n    runbooks', 'to: latest\n    runbooks'], /^24 downgrades\[0\]\.to must be a version/],
  ['a procedure that does nothing', ['runbooks: [chown]', 'runbooks: []'], /^35 procedures\[1\]\.runbooks must list at least one runbook/],
  ['a procedure without a title', ['    title: Mend the owner\n', ''], /^33 procedures\[1\]\.title is missing/],
  ['a procedure of a name that has a meaning', ['procedure: repair', 'procedure: downgrade'], /^33 procedures\[1\]\.procedure is kept for what downgrades lists/],
])('names %s', (_, change, told) => {
  expect(problems(change)).toEqual([expect.stringMatching(told)]);
});
