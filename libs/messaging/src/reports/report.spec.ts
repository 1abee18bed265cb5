import fc from 'fast-check';
import { sha256Hex } from '#proof';
import { at, newSigner, reportBody, signedText, stepReport } from '../../../../test/support/messages.js';
import { orderType } from '../orders/order.js';
import { openReport, reportType, sealReport } from './report.js';
import type { ReportBody, StepReportBody } from './report.js';

const agent = newSigner('agent-1');
const stranger = newSigner('agent-2');
const kinds = ['announced', 'observed', 'accepted', 'finished'] as const;
const seal = (body: ReportBody, evidence: Buffer[] = [], by = agent) => sealReport(body, evidence, by.key, by.keyId);

/** What opening says of a body that an enrolled agent has signed, with the evidence that it sends along. */
function opened(body: object, evidence: unknown = []): string {
  const envelope = JSON.parse(signedText(reportType, JSON.stringify(body), agent).toString()) as unknown;
  const result = openReport(Buffer.from(JSON.stringify({ envelope, evidence })), agent.keys);
  return result.ok ? 'ok' : `${result.reason}: ${result.problem}`;
}

const step = (over: object) => reportBody('finished', { report: stepReport(over) });
const said = Buffer.from('$ "thing"\nfine\u0000\xff\n', 'latin1');
const output = { sha256: sha256Hex(said), bytes: said.length, truncated: false };

it.each(kinds)('opens a report that is %s to what was sealed', (kind) => {
  const body = reportBody(kind);
  expect(openReport(seal(body), agent.keys)).toEqual({ ok: true, body, keyId: agent.keyId, evidence: [] });
});

it('brings the evidence along, byte for byte', () => {
  const body = step({ output });
  expect(openReport(seal(body, [said]), agent.keys)).toEqual({ ok: true, body, keyId: agent.keyId, evidence: [said] });
});

it('leaves out what is undefined instead of refusing to sign it', () => {
  expect(openReport(seal({ ...reportBody('observed'), order: undefined }), agent.keys)).toMatchObject({ ok: true });
});

it('opens whatever facts an agent may tell to the same facts', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 }).filter((one) => !one.includes('\0'));
  const fact = fc.oneof(text, fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.array(text, { maxLength: 5 }));
  const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,10}$/).filter((one) => !(one in Object.prototype));
  fc.assert(fc.property(fc.dictionary(name, fact, { maxKeys: 10, noNullPrototype: true }), (facts) => {
    const result = openReport(seal(step({ facts })), agent.keys);
    expect(result.ok && result.body.report!.facts).toEqual(JSON.parse(JSON.stringify(facts)));
  }), { numRuns: 200 });
});

it('refuses a key that is not enrolled, and a message of another type', () => {
  expect(openReport(seal(reportBody('observed'), [], stranger), agent.keys)).toMatchObject({ reason: 'unknown-key' });
  const envelope = JSON.parse(signedText(orderType, JSON.stringify(reportBody('observed')), agent).toString()) as unknown;
  expect(openReport(Buffer.from(JSON.stringify({ envelope, evidence: [] })), agent.keys)).toMatchObject({ reason: 'wrong-type' });
});

it('opens to the same or is refused when one bit is turned, wherever it stands', () => {
  const body = step({ output });
  const bytes = seal(body, [said]);
  fc.assert(fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
    const turned = Buffer.from(bytes);
    turned[bit >> 3]! ^= 1 << (bit & 7);
    const result = openReport(turned, agent.keys);
    if (result.ok) expect([result.body, result.evidence]).toEqual([body, [said]]);
  }), { numRuns: 400 });
});

it.each([['nothing', ''], ['a text', '"x"'], ['null', 'null'], ['no envelope', '{"evidence":[]}'], ['an envelope alone', '{"payload":""}']])(
  'takes %s for malformed', (_, text) => {
    expect(openReport(Buffer.from(text), agent.keys)).toMatchObject({ ok: false, reason: 'malformed' });
  },
);

it.each([
  ['announced', ['product', 'labels', 'health']], ['observed', ['health']], ['accepted', ['order', 'epoch']], ['finished', ['order', 'epoch', 'report']],
] as const)('refuses a report that is %s when it lacks what such a report must have', (kind, fields) => {
  for (const field of ['kind', 'site', 'agent', 'incarnation', 'sequence', 'node', 'at', ...fields] as const) {
    const { [field]: _, ...rest } = reportBody(kind);
    expect(opened(rest)).toMatch(new RegExp(`^invalid: ${field}\\b`));
    // Null says nothing either.
    expect(opened({ ...rest, [field]: null })).toMatch(new RegExp(`^invalid: ${field}\\b`));
  }
});

it.each(Object.keys(stepReport()))('refuses an outcome without %s', (field) => {
  const { [field as keyof StepReportBody]: _, ...rest } = stepReport();
  expect(opened(reportBody('finished', { report: rest as StepReportBody }))).toMatch(new RegExp(`^invalid: report\\.${field}`));
});

it('takes a version that could not be measured as null, and as nothing else that is not one', () => {
  expect(opened(reportBody('observed', { version: null }))).toBe('ok');
  for (const version of ['', 'seven', '1.2.3.4.5', 7]) expect(opened({ ...reportBody('observed'), version })).toMatch(/^invalid: version/);
});

it.each([
  ['kind', 'rumoured'], ['site', ''], ['agent', 'A'], ['incarnation', 'x'], ['sequence', 0], ['sequence', 1.5], ['node', '-'], ['at', 'today'],
  ['at', '2026-13-01T00:00:00.000Z'], ['labels', { a: 'x\u0000' }], ['labels', { a: '\udfff' }], ['labels', []],
  ['labels', Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`l${i}`, 'x'.repeat(300)]))], ['health', 'fine'], ['order', 'a b'], ['epoch', -1],
].map(([field, value]) => [field as string, JSON.stringify(value).slice(0, 40), value]))('refuses a report whose %s is %s', (field, _, value) => {
  expect(opened({ ...reportBody('announced'), [field]: value })).toMatch(new RegExp(`^invalid: ${String(field)}`));
});

it.each([
  ['outcome', 'fine'], ['reason', 'x'.repeat(201)], ['reason', 'a\u0000'], ['reason', '\ud800'], ['startedAt', 'noon'], ['finishedAt', null], ['exit', '0'],
  ['exit', 0.5], ['found', 'yes'], ['facts', null], ['facts', []], ['facts', 'ok'], ['facts', { 'a-b': 1 }], ['facts', { a: null }], ['facts', { a: {} }],
  ['facts', { a: [1] }], ['facts', { a: '\u0000' }], ['facts', { a: ['\udc00'] }], ['facts', { a: 'x'.repeat(2_001) }],
  ['facts', { a: ['x'.repeat(501)] }], ['facts', { a: Array(101).fill('') }], ['facts', { constructor: 1 }],
  ['facts', Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`f${i}`, 1]))],
  ['facts', Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`f${i}`, 'x'.repeat(2_000)]))], ['output', []], ['output', 'x'],
  ['output', {}], ['output', { ...output, sha256: 'x' }], ['output', { ...output, bytes: -1 }], ['output', { ...output, more: 1 }],
].map(([field, value]) => [field as string, JSON.stringify(value).slice(0, 40), value]))('refuses an outcome whose %s is %s', (field, _, value) => {
  const told = opened(step({ [field]: value }), field === 'output' ? [said.toString('base64')] : []);
  expect(told).toMatch(new RegExp(`^invalid: report\\.${String(field)}`));
});

it('takes facts that just fit into one event of the ledger', () => {
  const facts = Object.fromEntries(Array.from({ length: 24 }, (_, i) => [`f${i}`, 'x'.repeat(2_000)]));
  expect(opened(step({ facts }))).toBe('ok');
});

it.each([['a list', []], ['a list of outcomes', [stepReport()]], ['a text', 'done'], ['true', true]])('refuses an outcome that is %s', (_, report) => {
  expect(opened({ ...reportBody('finished'), report })).toMatch(/^invalid: report\b/);
});

it('refuses what it does not know, wherever it stands', () => {
  expect(opened({ ...reportBody('observed'), trust: 1 })).toMatch(/^invalid: trust/);
  expect(opened(step({ trust: 1 }))).toMatch(/^invalid: report\.trust/);
  for (const field of ['constructor', 'toString', 'hasOwnProperty']) {
    expect(opened({ ...reportBody('observed'), [field]: 1 })).toMatch(/^invalid: .*has a field with the name/);
    expect(opened(step({ [field]: 1 }))).toMatch(/^invalid: report: has a field with the name/);
  }
});

it('refuses facts under a name that validation does not see', () => {
  const text = JSON.stringify(reportBody('finished')).replace('"facts":{}', '"facts":{"__proto__":{"any":{"thing":1}}}');
  const envelope = JSON.parse(signedText(reportType, text, agent).toString()) as unknown;
  expect(openReport(Buffer.from(JSON.stringify({ envelope, evidence: [] })), agent.keys)).toMatchObject({ ok: false, reason: 'invalid' });
});

it('refuses facts that go down without end, instead of following them', () => {
  const text = JSON.stringify(reportBody('finished')).replace('"facts":{}', `"facts":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`);
  const envelope = JSON.parse(signedText(reportType, text, agent).toString()) as unknown;
  expect(openReport(Buffer.from(JSON.stringify({ envelope, evidence: [] })), agent.keys)).toMatchObject({ ok: false, reason: 'invalid' });
});

it.each([
  ['is missing', []], ['is another', [Buffer.from('other').toString('base64')]], ['has something added', [Buffer.concat([said, said]).toString('base64')]],
  ['comes twice', [said.toString('base64'), said.toString('base64')]], ['is no list', said.toString('base64')], ['is no text', [7]], ['is not there at all', undefined],
])('refuses a report whose evidence %s', (_, evidence) => {
  expect(opened(step({ output }), evidence)).toMatch(/^invalid: evidence/);
});

it('refuses evidence that the report does not name, or of another length than it says', () => {
  expect(opened(reportBody('observed'), [said.toString('base64')])).toMatch(/^invalid: evidence/);
  expect(opened(step({ output: { ...output, bytes: said.length + 1 } }), [said.toString('base64')])).toMatch(/^invalid: evidence/);
});

it('has its instants as it was given them', () => {
  const result = openReport(seal(reportBody('accepted')), agent.keys);
  expect(result.ok && result.body.at).toBe(at);
});
