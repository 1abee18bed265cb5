import { membershipOf, patchConsumerGroup, resumeMembership } from './shim-membership.js';
import type { ConsumerGroup } from './shim-membership.js';

/**
 * Stands in for kafkajs's class: joins as the member it is, or as a new one, and keeps the shape that is
 * asked for.
 */
function newClass(known: Set<string>, fails = () => false) {
  let joined = 0;
  return class Group implements ConsumerGroup {
    memberId: string | null = null;
    constructor(readonly cluster: object) {}

    joinAndSync(): Promise<void> {
      const e = { type: this.memberId !== null && !known.has(this.memberId) ? 'UNKNOWN_MEMBER_ID' : '' };
      if (e.type === 'UNKNOWN_MEMBER_ID') this.memberId = null;
      this.memberId ??= `member-${++joined}`;
      known.add(this.memberId);
      return fails() ? Promise.reject(new Error('SyncGroup timed out')) : Promise.resolve();
    }

    leave(): Promise<void> {
      const [groupId, memberId] = ['g', this.memberId!];
      leaveGroup({ groupId, memberId });
      this.memberId = null;
      return Promise.resolve();

      function leaveGroup(who: { groupId: string; memberId: string }): void {
        if (!known.delete(who.memberId)) throw new Error('cannot leave now');
      }
    }
  };
}

describe('patchConsumerGroup', () => {
  it('brings a restarted consumer back as the member it was', async () => {
    const Group = newClass(new Set());
    patchConsumerGroup(Group.prototype);
    const cluster = {};
    await new Group(cluster).joinAndSync();
    expect(membershipOf(cluster)).toBe('member-1');
    const restarted = new Group(cluster);
    await restarted.joinAndSync();
    expect(restarted.memberId).toBe('member-1');
    const other = new Group({});
    await other.joinAndSync();
    expect(other.memberId).toBe('member-2');
  });

  it('forgets a member that has left, keeps one that could not', async () => {
    const known = new Set<string>();
    const Group = newClass(known);
    patchConsumerGroup(Group.prototype);
    const [left, stayed] = [new Group({}), new Group({})];
    await left.joinAndSync();
    await stayed.joinAndSync();
    await left.leave();
    known.clear();
    await expect(stayed.leave()).rejects.toThrow('cannot leave now');
    expect(membershipOf(left.cluster)).toBeUndefined();
    expect(membershipOf(stayed.cluster)).toBe('member-2');
  });

  it('comes back as a member of an earlier consumer, or as a new one if that is unknown', async () => {
    const known = new Set(['member-of-old']);
    const Group = newClass(known);
    patchConsumerGroup(Group.prototype);
    for (const [id, expected] of [
      ['member-of-old', 'member-of-old'],
      ['member-of-nobody', 'member-1'],
    ] as const) {
      const group = new Group({});
      resumeMembership(group.cluster, id);
      await group.joinAndSync();
      expect(group.memberId).toBe(expected);
      expect(membershipOf(group.cluster)).toBe(expected);
    }
  });

  it('comes back as the member that joined and could not synchronise', async () => {
    let fails = true;
    const Group = newClass(new Set(), () => fails);
    patchConsumerGroup(Group.prototype);
    const cluster = {};
    await expect(new Group(cluster).joinAndSync()).rejects.toThrow('SyncGroup timed out');
    fails = false;
    const restarted = new Group(cluster);
    await restarted.joinAndSync();
    expect(restarted.memberId).toBe('member-1');
  });

  it('leaves a consumer alone that the broker has told to join as a new member', async () => {
    const Group = newClass(new Set());
    patchConsumerGroup(Group.prototype);
    const group = new Group({});
    await group.joinAndSync();
    group.memberId = null;
    await group.joinAndSync();
    expect(group.memberId).toBe('member-2');
  });

  it('refuses another shape', () => {
    const other = { joinAndSync: () => Promise.resolve() } as unknown as ConsumerGroup;
    expect(() => patchConsumerGroup(other)).toThrow(
      'joinAndSync is not the function that the patch was made for',
    );
  });
});
