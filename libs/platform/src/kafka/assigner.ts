import type { Assigner, Cluster, GroupMember, PartitionAssigner } from 'kafkajs';

type Library = typeof import('kafkajs');
type Assignment = Record<string, number[]>;

/**
 * Deals every topic's partitions out among those members of the group that asked for the topic. The
 * assigner that comes with kafkajs deals the leader's topics to everybody
 * (src/consumer/assigners/roundRobinAssigner): while two members have different lists, partitions then go
 * to members that drop them, or to nobody, without any error.
 *
 * @param onCluster is given what kafkajs knows the consumer by, when the consumer is made
 */
export function assignBySubscription(
  { AssignerProtocol }: Library,
  onCluster: (cluster: object) => void = () => undefined,
): PartitionAssigner {
  const { MemberMetadata, MemberAssignment } = AssignerProtocol;
  const version = 0;
  const name = 'rollbook-by-subscription';
  return ({ cluster }): Assigner => {
    onCluster(cluster);
    return assignerOn(cluster);
  };

  function assignerOn(cluster: Cluster): Assigner {
    return {
      name,
      version,
      protocol: ({ topics }) => ({
        name,
        metadata: MemberMetadata.encode({ version, topics, userData: noData() }),
      }),
      assign: async ({ members }) => {
        const wanted = new Map(members.map((member) => [member.memberId, topicsOf(member)]));
        const partitions = await partitionsOf(cluster, [...new Set([...wanted.values()].flat())]);
        return [...dealOut(wanted, partitions)].map(([memberId, assignment]) => ({
          memberId,
          memberAssignment: MemberAssignment.encode({ version, assignment, userData: noData() }),
        }));
      },
    };
  }

  function topicsOf({ memberMetadata }: GroupMember): string[] {
    return MemberMetadata.decode(memberMetadata)?.topics ?? [];
  }
}

const noData = () => Buffer.alloc(0);

/** The leader has looked up only its own topics so far. A topic that is gone has no partitions. */
async function partitionsOf(cluster: Cluster, topics: string[]): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  for (const topic of topics) {
    await cluster.addMultipleTargetTopics([topic]).catch((error: unknown) => {
      if ((error as { type?: unknown }).type !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
    });
    const ids = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
    found.set(
      topic,
      ids.sort((a, b) => a - b),
    );
  }
  return found;
}

/**
 * The dealing itself: for each topic in turn its partitions go round the members that want it, starting
 * where the topic before left off, so that many topics of one partition do not all go to the same member.
 */
export function dealOut(
  wanted: ReadonlyMap<string, string[]>,
  partitions: ReadonlyMap<string, number[]>,
): Map<string, Assignment> {
  const dealt = new Map<string, Assignment>([...wanted.keys()].map((member) => [member, {}]));
  const members = [...wanted.keys()].sort();
  let turn = 0;
  for (const [topic, ids] of [...partitions].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const takers = members.filter((member) => wanted.get(member)!.includes(topic));
    if (takers.length === 0) continue;
    for (const id of ids) {
      const assignment = dealt.get(takers[turn++ % takers.length]!)!;
      (assignment[topic] ??= []).push(id);
    }
  }
  return dealt;
}
