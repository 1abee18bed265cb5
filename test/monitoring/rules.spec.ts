import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from '../houserules/sources.js';
import { describeWithPrometheus, promtool } from '../support/prometheus.js';

const rules = join(root, 'monitoring/prometheus/rollbook.rules.yml');
const cases = join(root, 'test/monitoring/rules.test.yml');

describeWithPrometheus('the alerts', () => {
  it('are rules that Prometheus takes', () => {
    expect(promtool('check', 'rules', rules)).toEqual({ status: 0, said: expect.stringContaining('SUCCESS') as string });
  });

  it('fire when they should and stay quiet when they should', () => {
    expect(promtool('test', 'rules', cases)).toEqual({ status: 0, said: expect.stringContaining('SUCCESS') as string });
  });
});

it('has a case that fires for every alert, the three of the guide among them', () => {
  const { groups } = parse(readFileSync(rules, 'utf8')) as { groups: { rules: { alert: string }[] }[] };
  const { tests } = parse(readFileSync(cases, 'utf8')) as { tests: { alert_rule_test: { alertname: string; exp_alerts?: object[] }[] }[] };
  const alerts = groups.flatMap((group) => group.rules.map((rule) => rule.alert));
  const fired = tests.flatMap((one) => one.alert_rule_test).filter((one) => (one.exp_alerts ?? []).length > 0).map((one) => one.alertname);
  expect([...new Set(fired)].sort()).toEqual([...alerts].sort());
  expect(alerts).toEqual(expect.arrayContaining(['ORCHATUpgradeErrorRate', 'ORCHATVersionMismatch', 'ORCHATHealthDegraded']));
});
