import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { applySchema, grantLogin } from '#platform';
import type { Context } from '../context.js';
import { loadProjections, withDatabaseUrl } from '../database.js';
import { refused, unreachable, usage } from '../exit.js';

/** Groups that a login needs for what it runs. */
export const groupsOf = { api: ['rollbook_app'], worker: ['rollbook_app', 'rollbook_rolls'] };

interface ApplyOptions {
  login?: string;
  passwordFile?: string;
  as?: string;
}

export function schemaCommands(program: Command, context: () => Context): void {
  program
    .command('schema')
    .description('tables, functions and roles in PostgreSQL')
    .command('apply')
    .option('--login <name>', 'also makes this login role, or gives it a new password')
    .option('--password-file <file>', 'file that holds the password of the login')
    .option('--as <what>', 'what the login is for: api or worker')
    .description('brings the database to the schema of this program; safe to run again; needs a role that may create roles (ROLLBOOK_SCHEMA_DATABASE_URL, else DATABASE_URL)')
    .action(async ({ login, passwordFile, as }: ApplyOptions) => {
      const { out } = context();
      const groups = as === 'api' || as === 'worker' ? groupsOf[as] : undefined;
      if (login !== undefined && (passwordFile === undefined || groups === undefined)) throw usage('--login needs --password-file, and --as api or --as worker');
      await withDatabaseUrl(context(), 'admin', async (url) => {
        const report = await applyOrExit(url);
        if (login !== undefined) await grantLogin(url, { name: login, password: readFileSync(passwordFile!, 'utf8').trim(), groups: groups! });
        out.object({ ...report, ...(login === undefined ? {} : { login }) });
        out.text(report.applied.length === 0 ? `Nothing to do: all ${report.known} schema changes are there.` : `Applied: ${report.applied.join(', ')}.`);
        if (login !== undefined) out.text(`Login ${login} may run the ${as}.`);
      });
    });
}

export async function applyOrExit(url: string) {
  const { allSchemaChanges } = await loadProjections();
  try {
    return await applySchema(url, allSchemaChanges);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code === '42501') {
      throw refused(`role-too-small: ${message}. Use a role that may create roles and schemas, by ROLLBOOK_SCHEMA_DATABASE_URL, and give the service a login in rollbook_app and rollbook_rolls.`);
    }
    if (code !== undefined && /^(08|57|28|3D|E)/.test(code)) throw unreachable(`PostgreSQL does not let us in: ${message}. See DATABASE_URL.`);
    throw error;
  }
}
