import type { RolloutEntry, RolloutMember } from '#projections';
import type { MemberView, RolloutView } from './rollouts.dto.js';

export function rolloutView({ target, nodes, streamVersion: _version, position: _position, ...entry }: RolloutEntry): RolloutView {
  return { ...entry, to: target, size: nodes };
}

export function memberView({ rollout: _rollout, position: _position, ...member }: RolloutMember): MemberView {
  return member;
}
