import type { ApiClient } from './client.js';
import type { MemberView, RolloutView } from './views.js';

/** A rollout and all its nodes. */
export async function statusOf(api: ApiClient, id: string): Promise<{ status: RolloutView; members: MemberView[] }> {
  const path = `/v1/rollouts/${encodeURIComponent(id)}`;
  const status = await api.get<RolloutView>(path);
  return { status, members: await api.list<MemberView>(`${path}/nodes`) };
}
