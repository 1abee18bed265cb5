import type { RolloutEntry, RolloutGate, RolloutMember } from '#projections';
import type { MemberView, RolloutView } from './rollouts.dto.js';
import type { GateView } from './strategy.dto.js';

export function gateView({ rollout: _rollout, position: _position, ...gate }: RolloutGate): GateView {
  return gate;
}

export function rolloutView({ target, nodes, streamVersion: _version, position: _position, ...entry }: RolloutEntry): RolloutView {
  return { ...entry, to: target, size: nodes };
}

export function memberView({ rollout: _rollout, position: _position, ...member }: RolloutMember): MemberView {
  return member;
}
