import { pause } from '#platform';
import type { ApiClient } from '../client.js';
import { statusOf } from '../rollout-status.js';
import type { Out } from '../out.js';
import { tallyText } from '../render/rollout.js';
import { paint, paintState } from '../render/style.js';
import { endStates } from '../views.js';
import type { MemberView, RolloutView } from '../views.js';
import { LiveLines } from './live-lines.js';
import { changeLine, liveLine } from './member-line.js';

export interface WatchOptions {
  api: ApiClient;
  out: Out;
  rollout: string;
  /** Position of the command that started it, so that nothing older is taken for its state. */
  position?: number | undefined;
  /** Ends also where nothing more happens without a person. */
  untilPerson?: boolean;
}

type Snapshot = { status: RolloutView; members: MemberView[] };

/** Redrawn at most so often, in milliseconds. */
const redrawMs = 120;
/** Nodes that get a line of their own; of more, only those at which something happens. */
const linesMax = 30;

/**
 * Follows a rollout to its end, through the rollback of nodes and of the whole. On a terminal a live line for each node;
 * elsewhere a line for each change; with JSON the status as an object a line. Survives a restart of the service.
 */
export async function watchRollout({ api, out, rollout, position, untilPerson = false }: WatchOptions): Promise<RolloutView> {
  const stop = new AbortController();
  const view = new View(out);
  let latest = await snapshot(api, rollout, position);
  view.show(latest);
  const news = new News(api, rollout, stop.signal);
  try {
    while (!endStates.includes(latest.status.state) && !(untilPerson && waitsForPerson(latest))) {
      await news.next();
      latest = await snapshot(api, rollout, news.position).catch(() => latest);
      view.show(latest);
    }
  } finally {
    stop.abort();
    view.end(latest);
  }
  return latest.status;
}

/** It is paused, or every node under way waits for somebody to look. */
function waitsForPerson({ status, members }: Snapshot): boolean {
  const inReview = members.some((member) => member.state === 'in-review');
  return status.state === 'paused' || (inReview && !members.some((member) => member.state === 'upgrading' || member.state === 'rolling-back'));
}

async function snapshot(api: ApiClient, rollout: string, position?: number): Promise<Snapshot> {
  if (position !== undefined) await api.get(`/v1/rollouts/${encodeURIComponent(rollout)}`, position);
  return statusOf(api, rollout);
}

/** Tells that something was recorded for the rollout; reconnects by itself. */
class News {
  position: number | undefined;
  private pending = false;
  private wake: () => void = () => undefined;

  constructor(
    private readonly api: ApiClient,
    private readonly rollout: string,
    private readonly signal: AbortSignal,
  ) {
    void this.listen();
  }

  /** Resolves soon after the next event; and once in a while without, in case an event was missed. */
  async next(): Promise<void> {
    if (!this.pending) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 2_000);
        this.wake = () => (clearTimeout(timer), resolve());
      });
    }
    await pause(redrawMs);
    this.pending = false;
  }

  private async listen(): Promise<void> {
    while (!this.signal.aborted) {
      try {
        for await (const event of this.api.events(this.position ?? 0, this.rollout, this.signal)) {
          this.position = event._ledger.position;
          this.pending = true;
          this.wake();
        }
      } catch {
        // The service is away for a moment; what was missed is read when it is back.
      }
      await pause(500, this.signal);
    }
  }
}

class View {
  private readonly live: LiveLines | undefined;
  private readonly before = new Map<string, string>();
  private lastState = '';

  constructor(private readonly out: Out) {
    this.live = !out.json && process.stdout.isTTY ? new LiveLines(process.stdout) : undefined;
  }

  show({ status, members }: Snapshot): void {
    if (this.live) return this.live.draw([...shown(members).map(liveLine), summary(status)]);
    const changed = members.filter((member) => this.before.get(member.node) !== fingerprint(member));
    for (const member of changed) {
      this.before.set(member.node, fingerprint(member));
      if (member.state !== 'waiting') this.out.text(changeLine(member));
    }
    if (status.state !== this.lastState) this.out.text(`rollout ${status.rollout}: ${status.state}${status.reason === null ? '' : ` (${status.reason})`}`);
    if (changed.length > 0 || status.state !== this.lastState) this.out.object({ ...status, nodes: changed });
    this.lastState = status.state;
  }

  end(last: Snapshot): void {
    this.live?.draw([...shown(last.members).map(liveLine), summary(last.status)]);
    this.live?.done();
    if (!this.live && endStates.includes(last.status.state)) this.out.text(summary(last.status));
  }
}

function shown(members: MemberView[]): MemberView[] {
  if (members.length <= linesMax) return members;
  const active = members.filter((member) => ['upgrading', 'in-review', 'rolling-back'].includes(member.state));
  const bad = members.filter((member) => ['failed', 'astray', 'rolled-back', 'skipped'].includes(member.state));
  return [...bad, ...active].slice(-linesMax);
}

function summary(status: RolloutView): string {
  const reason = status.reason === null ? '' : paint('dim', ` (${status.reason})`);
  return `rollout ${status.rollout} to ${status.to}: ${paintState(status.state)}${reason}, ${tallyText(status)}`;
}

function fingerprint(member: MemberView): string {
  return [member.state, member.result, member.step, member.stepsDone, member.reason].join(' ');
}
