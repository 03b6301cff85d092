// What idle server connections of one thread may cost: all pools of all its generations share the descriptors that the
// process has (manual, section 3.2: `tune.pool-low-fd-ratio`, `tune.pool-high-fd-ratio`). Knows nothing of requests; which
// of a server's idle connections serves whom is its pool's business.
//
// Counted are open connections, of clients and to servers, over all threads. From the low mark on none is kept any more;
// above the high mark each new server connection closes an idle one, whichever server it belongs to, the oldest first.
// Connections never change threads: a thread that has none idle asks the others to close one.
import { ProcessGauge, SharedCount, Wake } from '@evenkeel/shm';
import { PROCESS_SLOT } from '../plan.ts';
import type { ThreadContext } from '../thread-context.ts';
import type { Server } from './server.ts';
import type { ServerConnection } from './server-connection.ts';

/** How long a sum over all threads is taken for the truth; this thread's own changes are seen at once. */
const SAMPLE_MS = 1;
/** Other threads are asked no more often: they close all that is above the mark at once. */
const ASK_INTERVAL_MS = 10;

export class IdleConnections {
  /** Marks; Infinity for none. Set with each generation. */
  low = Infinity;
  high = Infinity;
  readonly #context: ThreadContext;
  /** Server connections open, over all threads. */
  readonly #toServers: SharedCount;
  readonly #ofClients: SharedCount;
  /** As of the last sample, with what this thread did since. */
  #open = 0;
  #sampledMs = -Infinity;
  #askedMs = -Infinity;
  #newest: ServerConnection | undefined = undefined;
  #oldest: ServerConnection | undefined = undefined;

  constructor(context: ThreadContext) {
    const { segment } = context;
    this.#context = context;
    this.#toServers = new SharedCount(segment, 'process', PROCESS_SLOT, ProcessGauge.serverConnections);
    this.#ofClients = new SharedCount(segment, 'process', PROCESS_SLOT, ProcessGauge.connections);
    context.onWake(Wake.shed, () => this.#shed());
  }

  /** Whether one more may be kept. */
  get mayKeep(): boolean {
    return this.low === Infinity || this.#sample() < this.low;
  }

  /** A server connection was opened. */
  opened(): void {
    this.#toServers.add(1);
    this.#open++;
    if (this.high === Infinity || this.#sample() <= this.high) return;
    if (this.#oldest !== undefined) this.#oldest.closeIdle();
    else this.#askOthers();
  }

  /** A server connection is closed, or about to be. */
  closed(): void {
    this.#toServers.add(-1);
    this.#open--;
  }

  /** There was no descriptor for a new one: idle ones give theirs. */
  handleShortage(): void {
    while (this.#oldest !== undefined) this.#oldest.closeIdle();
    this.#askOthers();
  }

  /** Of one server, those that are kept for one client included; looks at all of the thread. */
  closeThoseOf(server: Server): void {
    for (let connection = this.#oldest; connection !== undefined;) {
      const next = connection.newerOnThread;
      if (connection.server === server) connection.closeIdle();
      connection = next;
    }
  }

  add(connection: ServerConnection): void {
    connection.olderOnThread = this.#newest;
    connection.newerOnThread = undefined;
    if (this.#newest !== undefined) this.#newest.newerOnThread = connection;
    else this.#oldest = connection;
    this.#newest = connection;
  }

  remove(connection: ServerConnection): void {
    const { newerOnThread: newer, olderOnThread: older } = connection;
    if (newer !== undefined) newer.olderOnThread = older;
    else this.#newest = older;
    if (older !== undefined) older.newerOnThread = newer;
    else this.#oldest = newer;
    connection.newerOnThread = undefined;
    connection.olderOnThread = undefined;
  }

  #sample(): number {
    const { now } = this.#context;
    if (now - this.#sampledMs >= SAMPLE_MS) {
      this.#sampledMs = now;
      this.#open = this.#ofClients.sum() + this.#toServers.sum();
    }
    return this.#open;
  }

  #askOthers(): void {
    const { now, mailbox, segment } = this.#context;
    if (now - this.#askedMs < ASK_INTERVAL_MS) return;
    this.#askedMs = now;
    for (let thread = 1; thread < segment.threadsUsed(); thread++)
      if (thread !== segment.identity.thread) mailbox.post(thread, Wake.shed);
  }

  /** Another thread needs room; at least one goes, in case there are no marks. */
  #shed(): void {
    do this.#oldest?.closeIdle();
    while (this.#oldest !== undefined && this.#sample() > this.high);
  }
}
