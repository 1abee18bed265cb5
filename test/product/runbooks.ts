import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type OrchatNode, root, sha256 } from './orchat-node.js';

interface Expectation {
  exit?: number;
  stdout?: string;
  json?: Record<string, unknown>;
}

interface Step {
  step: string;
  kind: string;
  run?: string[];
  env?: Record<string, string>;
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
  methods: { method: string; install: string[]; rollback: string[] }[];
}

const catalogue = join(root, 'catalog/orchat');

export function readProduct(): Product {
  return parse(readFileSync(join(catalogue, 'product.yaml'), 'utf8')) as Product;
}

/** A path whose places are filled by a method, the first one of the catalogue unless another is named. */
export function pathOf(product: Product, from: string, to: string, method = product.methods[0]!.method): Product['paths'][number] {
  const path = product.paths.find((one) => one.to === to && one.from.includes(from))!;
  const { install, rollback } = product.methods.find((one) => one.method === method)!;
  const filled = (names: string[]) => names.flatMap((name) => (name === '@install' ? install : name === '@rollback' ? rollback : [name]));
  return { ...path, upgrade: filled(path.upgrade), rollback: filled(path.rollback) };
}

/** What a release's artifacts give to runbooks. */
export function artifactsOf(product: Product, version: string): Record<string, string> {
  const [first, ...others] = product.releases.find((one) => one.version === version)!.artifacts;
  const named = others.flatMap(({ name, file, sha256 }) => [[name, file], [`${name}sha256`, sha256]] as const);
  return { ...Object.fromEntries(named), artifact: first!.file, sha256: first!.sha256 };
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
    node.install(artifact, step.install.to);
    const digest = sha256(node.at(step.install.to));
    return { good: digest === fill(step.install.sha256), facts: { sha256: digest } };
  }
  const [program, ...args] = step.run!.map(fill);
  const env = Object.fromEntries(Object.entries(step.env ?? {}).map(([name, value]) => [name, fill(String(value))]));
  const { code, stdout, json } = await node.run(args, env, program);
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
  return (wanted.exit === undefined || code === wanted.exit) && saysIt && equal;
}
