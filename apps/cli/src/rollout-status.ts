import type { ApiClient } from './client.js';
import type { GateView, MemberView, RolloutView } from './views.js';

/** A rollout, all its nodes, and the gates that it came to. */
export async function statusOf(api: ApiClient, id: string): Promise<{ status: RolloutView; members: MemberView[]; gates: GateView[] }> {
  const path = `/v1/rollouts/${encodeURIComponent(id)}`;
  const status = await api.get<RolloutView>(path);
  const [members, gates] = await Promise.all([api.list<MemberView>(`${path}/nodes`), api.list<GateView>(`${path}/gates`)]);
  return { status, members, gates };
}
