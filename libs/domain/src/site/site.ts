import { accept, never, nothing, refuse } from '../kernel/decision.js';
import type { Decider, Decision } from '../kernel/decision.js';
import { namePattern } from '../kernel/names.js';

/** How a site's agents and the service reach each other. */
export type ChannelKind = 'kafka' | 'pull';

export interface EnrolledAgent {
  agent: string;
  keyId: string;
  /** PEM. */
  publicKey: string;
  channel: ChannelKind;
}

export type SiteEvent =
  | { type: 'site.agent-enrolled'; data: EnrolledAgent & { site: string } }
  | { type: 'site.agent-retired'; data: { site: string; agent: string; reason: string } }
  | { type: 'site.message-refused'; data: { site: string; agent: string | null; reason: string; sha256: string; bytes: number } };

export interface SiteState {
  agents: ReadonlyMap<string, EnrolledAgent>;
}

export type SiteCommand =
  | { type: 'enrol-agent'; site: string; agent: EnrolledAgent }
  | { type: 'retire-agent'; site: string; agent: string; reason: string }
  | { type: 'refuse-message'; site: string; agent: string | null; reason: string; sha256: string; bytes: number };

function enrol({ site, agent }: Extract<SiteCommand, { type: 'enrol-agent' }>, state: SiteState): Decision<SiteEvent> {
  for (const name of [site, agent.agent]) if (!namePattern.test(name)) return refuse('node-name-invalid', { node: name });
  const known = state.agents.get(agent.agent);
  if (known && known.keyId !== agent.keyId) return refuse('agent-key-differs', { site, agent: agent.agent });
  if (known?.channel === agent.channel) return nothing;
  return accept({ type: 'site.agent-enrolled', data: { site, ...agent } });
}

function retire({ site, agent, reason }: Extract<SiteCommand, { type: 'retire-agent' }>, state: SiteState): Decision<SiteEvent> {
  if (!state.agents.has(agent)) return refuse('agent-unknown', { site, agent });
  return accept({ type: 'site.agent-retired', data: { site, agent, reason } });
}

/** A site: its agents and their keys, and the messages of its channel that nobody could trust. */
export const siteDecider: Decider<SiteCommand, SiteState, SiteEvent> = {
  initial: { agents: new Map() },
  evolve(state, event) {
    switch (event.type) {
      case 'site.agent-enrolled': {
        const { agent, keyId, publicKey, channel } = event.data;
        return { agents: new Map(state.agents).set(agent, { agent, keyId, publicKey, channel }) };
      }
      case 'site.agent-retired':
        return { agents: new Map([...state.agents].filter(([agent]) => agent !== event.data.agent)) };
      case 'site.message-refused':
        return state;
      default:
        return never(event);
    }
  },
  decide(command, state) {
    switch (command.type) {
      case 'enrol-agent':
        return enrol(command, state);
      case 'retire-agent':
        return retire(command, state);
      case 'refuse-message': {
        const { site, agent, reason, sha256, bytes } = command;
        return accept({ type: 'site.message-refused', data: { site, agent, reason, sha256, bytes } });
      }
      default:
        return never(command);
    }
  },
};
