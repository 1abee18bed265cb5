import { readFileSync } from 'node:fs';
import { exitCodes } from '#platform';
import type { ApiClient } from './client.js';
import { Exit } from './exit.js';
import type { Out } from './out.js';
import { paint } from './render/style.js';
import type { CommandAnswer } from './views.js';

type Imported = CommandAnswer & { product: string; releases: number };

interface Mistake {
  line: number;
  field: string;
  says: string;
}

/** One line for each file; what is wrong with one does not keep the others. Returns the exit code. */
export async function importFiles(files: readonly string[], api: ApiClient, out: Out): Promise<number> {
  let position = 0;
  let refused = 0;
  for (const file of files) {
    const answer = await importFile(file, api);
    if ('mistakes' in answer) {
      refused += 1;
      tellMistakes(file, answer.mistakes, out);
      continue;
    }
    const { product, releases, written } = answer;
    position = Math.max(position, answer.position);
    out.object({ file, product, releases, written });
    out.text(`${file}: ${product}, ${releases} releases${written ? '' : ' (nothing new)'}`);
  }
  if (files.length > 1) out.text(`${files.length - refused} of ${files.length} files imported${refused === 0 ? '' : `, ${refused} refused`}`);
  await seen(position, api, out);
  return refused === 0 ? exitCodes.done : exitCodes.refused;
}

async function importFile(file: string, api: ApiClient): Promise<Imported | { mistakes: Mistake[] }> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    const says = error instanceof TypeError ? 'is not UTF-8' : `cannot be read: ${(error as Error).message}`;
    return { mistakes: [{ line: 1, field: '', says }] };
  }
  try {
    return await api.post<Imported>('/v1/products/imports', { file, text });
  } catch (error) {
    if (!(error instanceof Exit) || error.code === exitCodes.unreachable) throw error;
    const { errors, detail } = error.facts as { errors?: Mistake[]; detail?: string };
    return { mistakes: errors ?? [{ line: 1, field: '', says: detail ?? error.message }] };
  }
}

/** The first mistake stands for its file; a program is given them all. */
function tellMistakes(file: string, mistakes: readonly Mistake[], out: Out): void {
  const { line, field, says } = mistakes[0]!;
  out.object({ file, error: { line, field, says }, line, field, errors: mistakes });
  const more = mistakes.length > 1 ? ` (and ${mistakes.length - 1} more)` : '';
  out.text(`${file}:${line} ${field === '' ? '' : `${field} `}${paint('red', says)}${more}`);
}

/** What was imported can be read when the command ends; unless nobody projects, which is said. */
async function seen(position: number, api: ApiClient, out: Out): Promise<void> {
  if (position === 0) return;
  try {
    await api.get('/v1/products?limit=1', position);
  } catch (error) {
    out.note(`It is recorded, but cannot be read yet: ${(error as Error).message}`);
  }
}
