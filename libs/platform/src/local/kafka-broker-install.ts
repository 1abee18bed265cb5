import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const manifestFile = 'rollbook-manifest.json';
const tailLength = 2_000;

/** Where downloads survive the checkout: the cache folder of the operating system. */
export function defaultCacheDir(): string {
  const ofLinux = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : ofLinux, 'rollbook');
}

/** The folder with the jars of this version, when it is complete. */
export function installedKafka(version: string, cacheDir: string): string | undefined {
  const lib = libDir(version, cacheDir);
  try {
    const sizes = JSON.parse(readFileSync(join(lib, manifestFile), 'utf8')) as Record<string, number>;
    return Object.entries(sizes).every(([jar, size]) => statSync(join(lib, jar)).size === size)
      ? lib
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Brings the jars of Apache Kafka from Maven Central, about 45 MB, unless they are there already. Two
 * processes may do it at once: each downloads into a folder of its own, and the first to finish gives it
 * the name.
 *
 * @returns the folder with the jars
 */
export async function installKafka(
  version: string,
  cacheDir: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const present = installedKafka(version, cacheDir);
  if (present !== undefined) return present;
  const pom = pomFor(version);
  const lib = libDir(version, cacheDir);
  const work = `${lib}.${randomUUID()}`;
  mkdirSync(work, { recursive: true });
  try {
    const jars = join(work, 'lib');
    const pomPath = join(work, 'pom.xml');
    writeFileSync(pomPath, pom);
    const args = ['-q', '-B', '-f', pomPath, 'dependency:copy-dependencies', `-DoutputDirectory=${jars}`];
    await runMaven(args, version, env);
    const sizes = Object.fromEntries(readdirSync(jars).map((jar) => [jar, statSync(join(jars, jar)).size]));
    writeFileSync(join(jars, manifestFile), JSON.stringify(sizes));
    takePlace(jars, lib, version, cacheDir);
    return lib;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function libDir(version: string, cacheDir: string): string {
  return join(cacheDir, `kafka-${version}`);
}

function takePlace(jars: string, lib: string, version: string, cacheDir: string): void {
  try {
    renameSync(jars, lib);
  } catch (error) {
    // Another process was quicker, or what stands there is damaged.
    if (installedKafka(version, cacheDir) !== undefined) return;
    const damaged = `${lib}.${randomUUID()}`;
    try {
      renameSync(lib, damaged);
    } catch {
      throw error;
    }
    renameSync(jars, lib);
    rmSync(damaged, { recursive: true, force: true });
  }
}

function runMaven(args: string[], version: string, env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const maven = spawn('mvn', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let tail = '';
    const keep = (chunk: Buffer) => (tail = (tail + chunk.toString()).slice(-tailLength));
    maven.stdout.on('data', keep);
    maven.stderr.on('data', keep);
    maven.once('error', (cause) =>
      reject(new Error(`Maven (mvn) could not be started: ${cause.message}`, { cause })),
    );
    maven.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`Maven could not bring Kafka ${version} (${code ?? signal}):\n${tail.trim()}`));
    });
  });
}

/** Kafka alone lacks a place to log to: 4.x wants Log4j 2, 3.9 reload4j. */
function pomFor(version: string): string {
  const logging = version.startsWith('3.')
    ? [
        ['ch.qos.reload4j', 'reload4j', '1.2.25'],
        ['org.slf4j', 'slf4j-reload4j', '1.7.36'],
      ]
    : [['org.apache.logging.log4j', 'log4j-slf4j-impl', '2.25.1']];
  const dependencies = [['org.apache.kafka', 'kafka_2.13', version], ...logging].map(
    ([group, artifact, exact]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>` +
      `<version>${exact}</version></dependency>`,
  );
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>',
    '<groupId>rollbook</groupId><artifactId>development-broker</artifactId><version>1</version>',
    '<packaging>pom</packaging>',
    `<dependencies>${dependencies.join('')}</dependencies></project>`,
  ].join('\n');
}
