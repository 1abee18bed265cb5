import { demandShape } from './shim-shape.js';

/** What the patch reads and writes of kafkajs 2.2.4 src/consumer/consumerGroup.js. */
export interface ConsumerGroup {
  /** One for each consumer, and the same after the consumer has crashed and restarted. */
  cluster: object;
  memberId: string | null;
  joinAndSync: (this: ConsumerGroup) => Promise<void>;
  leave: (this: ConsumerGroup) => Promise<void>;
}

const memberships = new WeakMap<object, string>();

/** The id of the group member that this consumer was when it last joined and has not left. */
export function membershipOf(cluster: object): string | undefined {
  return memberships.get(cluster);
}

/** Lets a consumer that has not joined yet come back as this member. */
export function resumeMembership(cluster: object, memberId: string): void {
  memberships.set(cluster, memberId);
}

/**
 * Lets a consumer that restarts after a crash come back as the member it was. As it is, it joins as a new
 * one, and the broker holds the whole group until the session of the old one has run out: a session of silence
 * after a connection of a second was lost, since kafkajs crashes when no broker is left in its list (pull
 * request #1402). A broker that no longer knows the member says so, and kafkajs then joins as a new one.
 */
export function patchConsumerGroup(prototype: ConsumerGroup): void {
  demandShape(prototype, 'joinAndSync', ['this.memberId = null', "e.type === 'UNKNOWN_MEMBER_ID'"]);
  demandShape(prototype, 'leave', ['leaveGroup(', 'this.memberId = null']);
  const { joinAndSync, leave } = prototype;
  const begun = new WeakSet<ConsumerGroup>();

  prototype.joinAndSync = async function () {
    if (!begun.has(this)) this.memberId ??= memberships.get(this.cluster) ?? null;
    begun.add(this);
    try {
      await joinAndSync.call(this);
    } finally {
      // Also of a join whose synchronisation failed: the broker waits for that member, and with each new one for one more.
      if (this.memberId !== null) memberships.set(this.cluster, this.memberId);
    }
  };

  prototype.leave = async function () {
    await leave.call(this);
    memberships.delete(this.cluster);
  };
}
