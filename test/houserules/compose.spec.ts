import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { readSettings, settings } from '#platform';
import { root } from './sources.js';

interface Service {
  build?: string;
  image?: string;
  command?: string[];
  entrypoint?: string[];
  environment?: { [name: string]: string };
  depends_on?: { [service: string]: object };
  secrets?: string[];
  volumes?: string[];
}

const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: { [name: string]: Service };
  volumes: object;
  secrets: { [name: string]: { file: string } };
};
const ours = Object.entries(compose.services).filter(([, service]) => service.build !== undefined);
const known = new Set<string>(Object.values(settings).map((one) => one.name));

it('runs PostgreSQL, Kafka, the schema, api, worker, two agents and Prometheus', () => {
  expect(Object.keys(compose.services).sort()).toEqual(['agent-a', 'agent-b', 'api', 'kafka', 'postgres', 'prometheus', 'schema', 'worker']);
  expect(compose.services['kafka']!.environment!['KAFKA_PROCESS_ROLES']).toBe('broker,controller');
});

it.each(ours)('%s has only variables that there are, with values that are read', (_, { environment = {} }) => {
  expect(Object.keys(environment).filter((name) => !known.has(name))).toEqual([]);
  const filled = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value.replace(/\$\{\w+(:\?[^}]*)?\}/g, 'secret')]));
  expect(() => readSettings(filled)).not.toThrow();
});

it('would notice a variable that there is not', () => {
  expect(() => readSettings({ ROLLBOOK_PROT: '7420' })).toThrow(/ROLLBOOK_PROT is not a setting/);
});

it.each(ours)('%s runs a program of ours', (_, { command = [] }) => {
  const programs = command.join(' ').match(/dist\/apps\/\w+\/src\/\w+\.js/g) ?? [];
  expect(programs.length).toBeGreaterThan(0);
  for (const program of programs) expect(existsSync(join(root, program.replace('dist/', '').replace(/\.js$/, '.ts')))).toBe(true);
});

it.each(Object.entries(compose.services))('%s names services, volumes, secrets and files that there are', (_, service) => {
  for (const other of Object.keys(service.depends_on ?? {})) expect(compose.services).toHaveProperty(other);
  for (const secret of service.secrets ?? []) expect(compose.secrets).toHaveProperty(secret);
  for (const volume of service.volumes ?? []) {
    const source = volume.split(':')[0]!;
    if (source.startsWith('./')) expect(existsSync(join(root, source))).toBe(true);
    else expect(compose.volumes).toHaveProperty(source);
  }
});

it('lets the private key lie where the worker alone reads it', () => {
  const privateVolume = compose.services['worker']!.volumes!.find((volume) => volume.endsWith('/data/private'))!.split(':')[0];
  const mounts = Object.entries(compose.services).filter(([, service]) => service.volumes?.some((volume) => volume.startsWith(`${privateVolume}:`)));
  expect(mounts.map(([name]) => name)).toEqual(['worker']);
});

it('builds the image from files that there are', () => {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files]) => files!.split(' '));
  expect(copied.length).toBeGreaterThan(5);
  expect(copied.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

it('lets Prometheus scrape services that there are, at the ports that they are given', () => {
  const { scrape_configs: jobs } = parse(readFileSync(join(root, 'monitoring/prometheus/prometheus.yml'), 'utf8')) as { scrape_configs: { static_configs: { targets: string[] }[] }[] };
  const targets = jobs.flatMap((job) => job.static_configs.flatMap((one) => one.targets));
  const portOf = ({ environment = {} }: Service) => environment['ROLLBOOK_AGENT_PORT'] ?? environment['ROLLBOOK_WORKER_PORT'] ?? environment['ROLLBOOK_PORT'];
  const open = Object.entries(compose.services).filter(([, service]) => portOf(service) !== undefined).map(([name, service]) => `${name}:${portOf(service)}`);
  expect([...targets].sort()).toEqual(open.sort());
});
