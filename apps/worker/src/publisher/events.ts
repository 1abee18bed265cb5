import { envelopeOf, eventId } from '#ledger';
import type { StoredEvent } from '#ledger';
import { cloudEventRecord, eventsTopic } from '#messaging';
import type { RecordSender } from '#messaging';

/** How many events each partition has had. */
export type Sequences = { [partition: string]: number };

/** Publishes the ledger's events as CloudEvents, in their order, each partition numbered without a gap. */
export class EventPublishing {
  constructor(
    private readonly options: {
      sender: RecordSender;
      /** The partition that a key falls into. */
      partitionOf: (key: string) => number;
      /** CloudEvents source: which book these events are from. */
      source: string;
    },
  ) {}

  /** Resolves with the numbers after these events, once the broker has them all. */
  async publish(stored: readonly StoredEvent[], before: Sequences): Promise<Sequences> {
    const { sender, partitionOf, source } = this.options;
    const sequences = { ...before };
    const records = stored.map((one) => {
      const partition = partitionOf(one.stream);
      const partitionSequence = (sequences[partition] ?? 0) + 1;
      sequences[partition] = partitionSequence;
      const { position, stream, version, type, bytes } = one;
      const { _ledger, correlation, causation } = envelopeOf(one);
      const event = { id: eventId(one), type, stream, version, position, recordedAt: _ledger.recordedAt, correlation, causation, bytes };
      return cloudEventRecord(event, { topic: eventsTopic, source, partitionSequence });
    });
    await sender.send(records);
    return sequences;
  }
}
