import type { OrderBody, ReportBody } from '#messaging';
import { newId } from '#platform';
import { Journal } from './journal.js';

/** A report that the service has not yet taken. Its evidence lies in files of its own. */
export interface Unsent {
  body: ReportBody;
  evidence: string[];
}

/** How often a node is looked at for a while. */
export interface Watch {
  everySeconds: number;
  until: string;
}

/** A process that was started for an order. */
export interface Child {
  pid: number;
  /** When the system says it began; a number used again belongs to another process. */
  began: string;
}

export interface HeldOrder {
  order: OrderBody;
  /** Whether its step was begun; then a crash leaves it to the step's rule how to go on. */
  started: boolean;
  child: Child | undefined;
  ended: boolean;
}

type Record =
  | { t: 'begin'; incarnation: string; sequence: number }
  | { t: 'cursor'; cursor: number }
  | { t: 'watch'; node: string; watch: Watch }
  | { t: 'epoch'; node: string; epoch: number }
  | { t: 'order'; order: OrderBody }
  | { t: 'start'; order: string }
  | { t: 'child'; order: string; child: Child }
  | { t: 'end'; order: string }
  | { t: 'report'; report: Unsent }
  | { t: 'taken'; sequences: number[] };

/** What an agent must not forget: orders and how far they are, epochs, reports not yet taken, where its pull stands. */
export class AgentMemory {
  private readonly orders = new Map<string, HeldOrder>();
  private readonly epochs = new Map<string, number>();
  private readonly watched = new Map<string, Watch>();
  private readonly unsent = new Map<number, Unsent>();
  private readonly journal: Journal<Record>;
  private sequence = 0;
  incarnation: string;
  cursor = 0;

  constructor(path: string) {
    const { journal, records } = Journal.open<Record>(path, () => this.snapshot());
    this.journal = journal;
    for (const record of records) this.apply(record);
    this.incarnation ??= '';
    if (this.incarnation === '') this.write({ t: 'begin', incarnation: newId(), sequence: 0 });
    else this.tidy();
  }

  find(order: string): HeldOrder | undefined {
    return this.orders.get(order);
  }

  /** Orders that are not yet dealt with, in the order in which they came. */
  pending(): HeldOrder[] {
    return [...this.orders.values()].filter((held) => !held.ended);
  }

  epochOf(node: string): number {
    return this.epochs.get(node) ?? 0;
  }

  /** Nodes that are to be looked at more often, by name. */
  watches(): ReadonlyMap<string, Watch> {
    return this.watched;
  }

  reports(): Unsent[] {
    return [...this.unsent.values()];
  }

  nextSequence(): number {
    this.sequence += 1;
    return this.sequence;
  }

  /**
   * Takes orders and the reports that acknowledge or refuse them, all durable before it resolves. Those refused are
   * kept as ended, so that one that comes again is not answered again; they raise their node's epoch all the same, since
   * the service has left the older one behind.
   */
  async take(orders: readonly OrderBody[], refused: readonly OrderBody[], reports: readonly Unsent[], cursor?: number, watches: readonly { node: string; watch: Watch }[] = []): Promise<void> {
    const records: Record[] = watches.map(({ node, watch }) => ({ t: 'watch', node, watch }));
    for (const { node, epoch } of [...orders, ...refused]) if (epoch > this.epochOf(node)) records.push({ t: 'epoch', node, epoch });
    for (const order of orders) records.push({ t: 'order', order });
    for (const order of refused) records.push({ t: 'order', order }, { t: 'end', order: order.order });
    records.push(...reports.map((report): Record => ({ t: 'report', report })));
    if (cursor !== undefined) records.push({ t: 'cursor', cursor });
    await this.writeDurably(records);
  }

  start(order: string): Promise<void> {
    return this.writeDurably([{ t: 'start', order }]);
  }

  /** Noted at once and without waiting: a process that dies right after must still find its child again. */
  child(order: string, child: Child): void {
    this.write({ t: 'child', order, child });
  }

  /** Ends an order with its report, in one write. */
  end(order: string, report: Unsent): Promise<void> {
    return this.writeDurably([{ t: 'end', order }, { t: 'report', report }]);
  }

  report(report: Unsent): Promise<void> {
    return this.writeDurably([{ t: 'report', report }]);
  }

  /** Forgets reports that the service has, or will never have. Should that be forgotten, it only is told again. */
  taken(sequences: readonly number[]): void {
    const known = sequences.filter((sequence) => this.unsent.has(sequence));
    if (known.length === 0) return;
    const record: Record = { t: 'taken', sequences: known };
    this.apply(record);
    try {
      this.journal.note(record);
    } catch {
      // A full disk: forgetting is what makes room, so it must not wait for room.
    }
  }

  close(): Promise<void> {
    return this.journal.close();
  }

  /** Memory changes only when the journal has it: what is known here and not there would be lost with this process. */
  private writeDurably(records: Record[]): Promise<void> {
    let written: Promise<void>;
    try {
      written = this.journal.append(...records);
    } catch (error) {
      this.takeBackSequences(records);
      throw error;
    }
    for (const record of records) this.apply(record);
    return written;
  }

  private write(record: Record): void {
    this.journal.note(record);
    this.apply(record);
  }

  /** Reports that were not written are as if they had not been made: sequences have no gap. */
  private takeBackSequences(records: readonly Record[]): void {
    for (const record of records) if (record.t === 'report') this.sequence = Math.min(this.sequence, record.report.body.sequence - 1);
  }

  private tidy(): void {
    try {
      this.journal.compact();
    } catch {
      // Without room for a smaller journal the old one serves.
    }
  }

  private apply(record: Record): void {
    switch (record.t) {
      case 'begin':
        this.incarnation = record.incarnation;
        this.sequence = record.sequence;
        break;
      case 'cursor':
        this.cursor = record.cursor;
        break;
      case 'watch':
        // One that comes late, or twice, does not shorten what was asked for since.
        if ((this.watched.get(record.node)?.until ?? '') < record.watch.until) this.watched.set(record.node, record.watch);
        break;
      case 'epoch':
        this.raiseEpoch(record.node, record.epoch);
        break;
      case 'order':
        this.orders.set(record.order.order, { order: record.order, started: false, child: undefined, ended: false });
        break;
      case 'start':
        this.orders.get(record.order)!.started = true;
        break;
      case 'child':
        this.orders.get(record.order)!.child = record.child;
        break;
      case 'end':
        this.orders.get(record.order)!.ended = true;
        break;
      case 'report':
        this.unsent.set(record.report.body.sequence, record.report);
        this.sequence = Math.max(this.sequence, record.report.body.sequence);
        break;
      case 'taken':
        for (const sequence of record.sequences) this.unsent.delete(sequence);
        break;
    }
  }

  /** A new epoch makes the finished orders of older ones forgettable: they would be refused by their epoch. */
  private raiseEpoch(node: string, epoch: number): void {
    this.epochs.set(node, Math.max(epoch, this.epochOf(node)));
    for (const [id, { order, ended }] of this.orders) if (ended && order.node === node && order.epoch < epoch) this.orders.delete(id);
  }

  private snapshot(): Record[] {
    return [
      { t: 'begin', incarnation: this.incarnation, sequence: this.sequence },
      { t: 'cursor', cursor: this.cursor },
      ...[...this.watched].map(([node, watch]): Record => ({ t: 'watch', node, watch })),
      ...[...this.epochs].map(([node, epoch]): Record => ({ t: 'epoch', node, epoch })),
      ...[...this.orders.values()].flatMap(recordsOf),
      ...[...this.unsent.values()].map((report): Record => ({ t: 'report', report })),
    ];
  }
}

function recordsOf({ order, started, child, ended }: HeldOrder): Record[] {
  const id = order.order;
  return [
    { t: 'order', order },
    ...(started ? [{ t: 'start', order: id } as const] : []),
    ...(child ? [{ t: 'child', order: id, child } as const] : []),
    ...(ended ? [{ t: 'end', order: id } as const] : []),
  ];
}
