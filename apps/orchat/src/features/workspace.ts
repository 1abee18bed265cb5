import { lstatSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface Analysis {
  root: string;
  files: number;
  folders: number;
  bytes: number;
  byExtension: Record<string, number>;
  /** True when there are more files than were looked at. */
  cut: boolean;
}

/** Counts what lies under a folder, ignored names left out, up to a number of files. */
export function analyseWorkspace(root: string, ignore: readonly string[], maxFiles: number): Analysis {
  const extensions = new Map<string, number>();
  const analysis: Analysis = { root, files: 0, folders: 0, bytes: 0, byExtension: {}, cut: false };
  const waiting = [root];
  for (let folder = waiting.shift(); folder !== undefined && !analysis.cut; folder = waiting.shift()) {
    analysis.folders++;
    for (const entry of entriesOf(folder, folder === root)) {
      if (ignore.includes(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      if (!entry.isFile()) continue;
      if (analysis.files === maxFiles) {
        analysis.cut = true;
        break;
      }
      analysis.files++;
      analysis.bytes += lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
      const extension = extname(entry.name) || '(none)';
      extensions.set(extension, (extensions.get(extension) ?? 0) + 1);
    }
  }
  analysis.byExtension = Object.fromEntries([...extensions].sort(([a], [b]) => (a < b ? -1 : 1)));
  return analysis;
}

function entriesOf(folder: string, mustRead: boolean) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    // A closed corner of a workspace is no reason not to analyse the rest.
    if (mustRead) throw error;
    return [];
  }
}
