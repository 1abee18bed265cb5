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

export interface OrderKafka {
  orders: OrderSender;
  /** Called before the first order of a site: its topics must be there. */
  sites(sites: readonly string[]): Promise<void>;
}

/** Signs the orders among events and delivers each by the channels that its site's agents have enrolled for. */
export class OrderDelivery {
  private readonly keyId: string;

  constructor(private readonly options: { book: Book; mailbox: Mailbox; key: SigningKey; kafka?: OrderKafka }) {
    this.keyId = keyIdOf(options.key.privateKey);
  }

  async deliver(stored: readonly StoredEvent[]): Promise<void> {
    const letters = stored.flatMap((one) => this.letterOf(one));
    if (letters.length === 0) return;
    const { mailbox, kafka } = this.options;
    const channels = await this.channelsOf(letters);
    const viaKafka = kafka ? letters.filter((letter) => channels.get(letter.site)!.has('kafka')) : [];
    // A site whose agents are not yet enrolled may still pull.
    const pulled = letters.filter((letter) => !viaKafka.includes(letter) || channels.get(letter.site)!.has('pull'));
    await mailbox.put(pulled.map(({ bytes, ...letter }) => ({ ...letter, message: bytes.toString('utf8') })));
    if (viaKafka.length === 0) return;
    await kafka!.sites([...new Set(viaKafka.map((letter) => letter.site))]);
    await kafka!.orders.send(viaKafka);
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
    const bytes = sealWatch({ site, node, everySeconds, until, position }, this.options.key.privateKey, this.keyId);
    return [{ site, node, position, expiresAt: until, bytes }];
  }

  private async channelsOf(letters: readonly Letter[]): Promise<Map<string, Set<ChannelKind>>> {
    const channels = new Map<string, Set<ChannelKind>>();
    for (const site of new Set(letters.map((letter) => letter.site))) {
      const { state } = await this.options.book.site(site);
      channels.set(site, new Set([...state.agents.values()].map((agent) => agent.channel)));
    }
    return channels;
  }

  private seal(data: Ordered, position: number, issuedAt: string): Buffer {
    const { order, site, node, product, rollout, phase, epoch, runbook, digest, step, parameters, timeoutSeconds, acceptBy } = data;
    return sealOrder(
      { order, site, node, product, rollout, phase, epoch, runbook, digest, step, parameters, timeoutSeconds, issuedAt, expiresAt: acceptBy, position },
      this.options.key.privateKey,
      this.keyId,
    );
  }
}
