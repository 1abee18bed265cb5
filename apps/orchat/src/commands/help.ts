import type { Run } from '../command.js';

const text = (version: string) => `orchat ${version}

Usage
  orchat "PROMPT"                          answer a prompt
  orchat workspace analyze                 count what lies in the current folder
  orchat metrics --enable | --status

Installation
  orchat --version
  orchat --setup                           write settings; asks on a terminal, takes ORCHAT_API_KEY otherwise
  orchat health-check [--full | --post-upgrade | --report]
  orchat system-check                      disk and quota, memory, permissions, Node

Settings
  orchat --validate-config
  orchat --check-migration [--to=VERSION]  is a conversion needed, and does it need a person
  orchat --migrate-config [--from=VERSION] --to=VERSION
  orchat --secure-key                      move the API key to its secure place, mode 600

Backups                                    in ~/.config/orchat/backups, or where --destination=DIR says
  orchat backup create --name=NAME
  orchat backup show | verify --name=NAME
  orchat backup list
  orchat backup restore --latest | --name=NAME
  orchat backup create | show | verify --archive --name=NAME [--data]
                                           one file in the home that an uninstall leaves: all, or data only
  orchat backup restore --archive --name=NAME [--only=history | key | data]

Every command takes --json and then writes exactly one JSON object to standard output.

Environment
  ORCHAT_CONFIG      use these settings instead of ~/.config/orchat/settings.json
  ORCHAT_TEST_MODE   1: features write to a scratch place, history and metrics stay as they are
  ORCHAT_API_KEY     the key that --setup stores
  ORCHAT_ENV         the name of this environment, as blue; told by health checks and the log

Exit codes
  0  done, or all is well
  1  a check failed, or the command was refused
  2  the command line was not understood`;

export const run: Run = ({ release }) => ({
  ok: true,
  facts: { version: release.version, help: text(release.version) },
  lines: [text(release.version)],
});
