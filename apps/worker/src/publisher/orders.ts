import type { Book } from '#commands';
import { decode } from '#commands';
import type { ChannelKind, DomainEvent } from '#domain';
import type { StoredEvent } from '#ledger';
import { sealOrder, sealWatch } from '#messaging';
import type { OrderSender, OutgoingOrder } from '#messaging';
import type { Mailbox } from '#projections';
import { keyIdOf } from '#proof';
import type { SigningKey } from '#proof';

type Ordered = Extract<DomainEvent, { type: 'step.ordered' }>['data'];
type Watched = Extract<DomainEvent, { type: 'node.watch-asked' }>['data'];
type Letter = OutgoingOrder & { expiresAt: string };

/** Gives on the orders among events; resolves when they are where agents will find them. */
export interface OrderDelivery {
  deliver(stored: readonly StoredEvent[]): Promise<void>;
}

export interface OrderKafka {
  orders: OrderSender;
  /** Called before the first order of a site: its topics must be there. */
  sites(sites: readonly string[]): Promise<void>;
}

/** Orders of events, signed, and the channels that each site's agents have enrolled for. */
export class OrderLetters {
  private readonly keyId: string;

  constructor(
    private readonly book: Book,
    private readonly key: SigningKey,
  ) {
    this.keyId = keyIdOf(key.privateKey);
  }

  async of(stored: readonly StoredEvent[]): Promise<{ letter: Letter; channels: ReadonlySet<ChannelKind> }[]> {
    const letters = stored.flatMap((one) => this.letterOf(one));
    const bySite = new Map<string, Set<ChannelKind>>();
    for (const site of new Set(letters.map((letter) => letter.site))) {
      const { state } = await this.book.site(site);
      bySite.set(site, new Set([...state.agents.values()].map((agent) => agent.channel)));
    }
    return letters.map((letter) => ({ letter, channels: bySite.get(letter.site)! }));
  }

  private letterOf(stored: StoredEvent): Letter[] {
    if (stored.type === 'node.watch-asked') return this.watchOf(stored);
    // Most events are no orders; only those are decoded.
    if (stored.type !== 'step.ordered') return [];
    const { event, envelope } = decode(stored);
    const data = event.data as Ordered;
    const { site, node, acceptBy } = data;
    return [{ site, node, position: stored.position, expiresAt: acceptBy, bytes: this.seal(data, stored.position, envelope.occurredAt) }];
  }

  private watchOf(stored: StoredEvent): Letter[] {
    const { site, node, everySeconds, until } = decode(stored).event.data as Watched;
    const { position } = stored;
    const bytes = sealWatch({ site, node, everySeconds, until, position }, this.key.privateKey, this.keyId);
    return [{ site, node, position, expiresAt: until, bytes }];
  }

  private seal(data: Ordered, position: number, issuedAt: string): Buffer {
    const { order, site, node, product, rollout, phase, epoch, runbook, digest, step, parameters, timeoutSeconds, acceptBy } = data;
    return sealOrder(
      { order, site, node, product, rollout, phase, epoch, runbook, digest, step, parameters, timeoutSeconds, issuedAt, expiresAt: acceptBy, position },
      this.key.privateKey,
      this.keyId,
    );
  }
}

/** Into the mailboxes of sites that pull. A site whose agents are not yet enrolled may still pull. */
export function mailboxDelivery(letters: OrderLetters, mailbox: Mailbox, withKafka: boolean): OrderDelivery {
  return {
    async deliver(stored) {
      const pulled = (await letters.of(stored)).filter(({ channels }) => !withKafka || !channels.has('kafka') || channels.has('pull'));
      await mailbox.put(pulled.map(({ letter: { bytes, ...letter } }) => ({ ...letter, message: bytes.toString('utf8') })));
    },
  };
}

/** To the topics of sites with an agent on Kafka. */
export function kafkaDelivery(letters: OrderLetters, kafka: OrderKafka): OrderDelivery {
  return {
    async deliver(stored) {
      const sent = (await letters.of(stored)).filter(({ channels }) => channels.has('kafka')).map(({ letter }) => letter);
      if (sent.length === 0) return;
      await kafka.sites([...new Set(sent.map((letter) => letter.site))]);
      await kafka.orders.send(sent);
    },
  };
}
