import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import type { Run } from '../command.js';
import type { Context } from '../context.js';
import { shown } from '../home.js';
import { type Settings, defaultSettings } from '../settings/settings.js';
import { inspectSettings, saveSettings, setAside } from '../settings/store.js';
import { keyPath, placeKey, saveKey } from '../settings/key.js';
import { problemsOf } from '../settings/check.js';
import { setAt, valueAt } from '../settings/tree.js';
import { Refusal } from '../refusal.js';
import { makeFolder } from '../writes.js';

interface Answers {
  endpoint?: string;
  model?: string;
  key?: string;
}

/** Writes settings and key where they are missing. Unusable settings are put aside, usable ones stay. */
export const run: Run = async (context) => {
  const { home, release } = context;
  makeFolder(home, home.config, 0o700);
  const usable = inspectSettings(context).problems.length === 0;
  const answers = await ask(context, usable);
  const aside = !usable && existsSync(home.settings) ? setAside(home, 'unusable') : undefined;
  if (!usable) saveSettings(home, answered(release.settings, answers));
  placeKey(home, release);
  const key = answers.key ?? context.env.ORCHAT_API_KEY;
  if (key && !existsSync(keyPath(home, release))) saveKey(home, release, key);
  const hasKey = existsSync(keyPath(home, release));
  const place = shown(home, home.settings);
  return {
    ok: true,
    facts: { changed: !usable, settings: home.settings, aside, hasKey },
    lines: [
      usable ? `${place} is fine and stays as it is.` : `Wrote ${place}.`,
      ...(aside === undefined ? [] : [`The file that was there is kept as ${shown(home, aside)}.`]),
      hasKey ? '✅ ready' : '✅ ready, without an API key: run orchat --setup again with ORCHAT_API_KEY set',
    ],
  };
};

function answered(shape: Settings['shape'], { endpoint, model }: Answers): Settings {
  const settings = defaultSettings(shape);
  const prefix = shape === 'schema2' ? '' : 'provider.';
  if (endpoint) setAt(settings.values, `${prefix}endpoint`, endpoint);
  if (model) setAt(settings.values, `${prefix}model`, model);
  const problems = problemsOf(settings.values, shape);
  if (problems.length === 0) return settings;
  throw new Refusal('settings-invalid', problems.join('; '), 'Run orchat --setup again.');
}

const stopped = new Refusal('setup-stopped', 'the setup was broken off', 'Run orchat --setup again.');

async function ask({ json, home, release }: Context, usable: boolean): Promise<Answers> {
  if (json || !process.stdin.isTTY || !process.stdout.isTTY) return {};
  const questions = createInterface({ input: process.stdin, output: process.stdout });
  const { values, shape } = defaultSettings(release.settings);
  const fallback = (name: string) => String(valueAt(values, shape === 'schema2' ? name : `provider.${name}`));
  const gone = new Promise<never>((_, fail) => questions.once('close', () => fail(stopped)));
  gone.catch(() => undefined);
  const question = async (text: string) =>
    (await Promise.race([questions.question(text), gone])).trim() || undefined;
  try {
    return {
      endpoint: usable ? undefined : await question(`Endpoint [${fallback('endpoint')}]: `),
      model: usable ? undefined : await question(`Model [${fallback('model')}]: `),
      key: existsSync(keyPath(home, release)) ? undefined : await question('API key [none]: '),
    };
  } finally {
    questions.close();
  }
}
