import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type OrchatNode, root, sha256 } from './orchat-node.js';

interface Expectation {
  exit: number;
  stdout?: string;
  json?: Record<string, unknown>;
}

interface Step {
  step: string;
  kind: string;
  run?: string[];
  install?: { artifact: string; sha256: string; to: string };
  expect?: Expectation;
  facts?: Record<string, { json?: string; match?: string }>;
  done?: { run: string[]; expect: Expectation };
  changes: boolean;
  'on-failure': 'stop' | 'rollback';
}

export interface Product {
  releases: { version: string; artifacts: { name: string; file: string; sha256: string }[] }[];
  paths: { from: string[]; to: string; upgrade: string[]; rollback: string[] }[];
}

const catalogue = join(root, 'catalog/orchat');

export function readProduct(): Product {
  return parse(readFileSync(join(catalogue, 'product.yaml'), 'utf8')) as Product;
}

interface Runbook {
  runbook: string;
  steps: Step[];
}

export function readRunbook(name: string): Runbook {
  return parse(readFileSync(join(catalogue, 'runbooks', `${name}.yaml`), 'utf8')) as Runbook;
}

export interface StepResult {
  runbook: string;
  step: string;
  good: boolean;
  facts: Record<string, unknown>;
}

/** Carries runbooks out on a node as an agent would, up to the first step that fails its expectation. */
export async function carryOut(
  node: OrchatNode,
  names: string[],
  parameters: Record<string, string>,
  releases: string,
): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const name of names) {
    for (const step of readRunbook(name).steps) {
      const result = await takeStep(node, step, parameters, releases);
      results.push({ runbook: name, step: step.step, ...result });
      if (!result.good) return results;
    }
  }
  return results;
}

async function takeStep(
  node: OrchatNode,
  step: Step,
  parameters: Record<string, string>,
  releases: string,
): Promise<Pick<StepResult, 'good' | 'facts'>> {
  const fill = (text: string) => text.replace(/\$\{(\w+)\}/g, (_, name: string) => parameters[name]!);
  if (step.install) {
    const artifact = join(releases, fill(step.install.artifact));
    node.install(artifact);
    const digest = sha256(node.at(step.install.to));
    return { good: digest === fill(step.install.sha256), facts: { sha256: digest } };
  }
  const args = step.run!.slice(1).map(fill);
  const { code, stdout, json } = await node.run(args);
  const facts: StepResult['facts'] = {};
  for (const [name, { json: key, match }] of Object.entries(step.facts ?? {})) {
    facts[name] = key === undefined ? new RegExp(match!, 'm').exec(stdout)?.[1] : json[key];
  }
  const isRight = step.kind !== 'version' || facts.version === parameters.to;
  return { good: isRight && meets(step.expect!, code, stdout, json), facts };
}

type Answer = Record<string, unknown>;

function meets(wanted: Expectation, code: number | null, text: string, answer: Answer): boolean {
  const saysIt = wanted.stdout === undefined || new RegExp(wanted.stdout).test(text);
  const equal = Object.entries(wanted.json ?? {}).every(([name, value]) => answer[name] === value);
  return code === wanted.exit && saysIt && equal;
}
