import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { defaultCacheDir, installedKafka } from './kafka-broker-install.js';

export const defaultKafkaVersion = '4.4.0';

export interface KafkaPrerequisites {
  /** What to install, in words for the person who starts the broker; empty when all is there. */
  missing: string[];
}

/** The Java program: that of JAVA_HOME, else the one on the PATH. */
export function javaProgram(env: NodeJS.ProcessEnv = process.env): string {
  const home = env['JAVA_HOME'];
  return home === undefined || home === '' ? 'java' : join(home, 'bin', 'java');
}

/** Looks for Java of a sufficient release and, unless this version was downloaded before, for Maven. */
export function kafkaPrerequisites(
  version = defaultKafkaVersion,
  cacheDir = defaultCacheDir(),
  env: NodeJS.ProcessEnv = process.env,
): KafkaPrerequisites {
  const missing: string[] = [];
  const needed = neededJava(version);
  const found = javaRelease(env);
  if (found === undefined) missing.push(`java ${needed} or newer`);
  else if (found < needed) missing.push(`java ${needed} or newer (found ${found})`);
  if (installedKafka(version, cacheDir) === undefined && !onPath('mvn', env))
    missing.push('mvn (Apache Maven)');
  return { missing };
}

/** Kafka 3.9 brokers run on 11, 4.x brokers on 17 (Kafka documentation, upgrade notes of 4.0). */
export function neededJava(version: string): number {
  const [, major, minor] = /^(\d+)\.(\d+)\.\d+$/.exec(version) ?? [];
  if (major === '4') return 17;
  if (major === '3' && minor === '9') return 11;
  throw new Error(`Kafka ${version} is not supported here; 3.9.x and 4.x are`);
}

/** The feature release in the text of `java -version`: 17 from "17.0.15", 8 from "1.8.0_412". */
export function releaseIn(text: string): number | undefined {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  if (first === undefined) return undefined;
  return first === '1' ? Number(second) : Number(first);
}

function javaRelease(env: NodeJS.ProcessEnv): number | undefined {
  const { error, stderr, stdout } = spawnSync(javaProgram(env), ['-version'], { env, encoding: 'utf8' });
  return error ? undefined : releaseIn(`${stderr}${stdout}`);
}

function onPath(program: string, env: NodeJS.ProcessEnv): boolean {
  return (env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
