import type { Projection } from '../engine/projection.js';

export const historyTable = { name: 'history', key: ['position'], addOnly: true } as const;

export type HistoryRow = {
  position: number;
  node: string;
  version: number;
  type: string;
  occurred_at: string;
  recorded_at: string;
  rollout: string | null;
  actor: string;
  event_id: string;
  causation: string | null;
  correlation: string;
  data: object;
};

/** Everything that ever happened to a node, in order. */
export const history: Projection = {
  name: 'history',
  tables: [historyTable],
  keyOf: ({ stream }) => (stream.startsWith('node/') ? stream : undefined),
  reads: () => [],
  apply({ event, position, stream, version, eventId, envelope }, rows) {
    const { route: _route, ...data } = event.data as { route?: unknown; rollout?: string };
    const row: HistoryRow = {
      position, node: stream.slice('node/'.length), version, type: event.type, occurred_at: envelope.occurredAt,
      recorded_at: envelope._ledger.recordedAt, rollout: data.rollout ?? null, actor: `${envelope.actor.kind}:${envelope.actor.ref}`,
      event_id: eventId, causation: envelope.causation, correlation: envelope.correlation, data,
    };
    rows.put(historyTable, row);
  },
};
