// Sessions of a backend's servers under `maxconn`, and the streams that wait for one (manual 2.4 "maxconn", 5.2 "maxconn",
// "maxqueue", "minconn"): in a server's own queue (persistence, hashing) or in the backend's, whose streams any server may
// serve. Exact over all threads. Knows no weights, health or time-outs: the caller says what a server's limit is now.
//
// Two locks. A server's object lock guards its sessions and grants: below the limit, or not. The backend's queue lock guards
// the order of all its queues; where both are needed it is taken first. Entering takes the first only, and leaving takes
// none while nobody waits:
//
//   leave: give the session back, then look whether somebody waits
//   wait:  enter the queue, then look whether a session is free
//
// Both in sequentially consistent order, so at least one of the two sees the other, and no waiter is forgotten. Who finds
// both a free session and a waiter grants it to the oldest. Nobody enters past a waiter that the server could serve.
import type { Segment } from './segment.ts';
import { ServerShared, kindWords } from './layout.ts';
import { acquire, release } from './lock.ts';
import { Wake, postWake } from './mailbox.ts';
import { ControlWord, controlInts } from './control.ts';
import { TicketState, TicketWord, before, heapFirst, ticketDue, ticketWord } from './ticket-table.ts';
import type { Tickets } from './tickets.ts';
import {
  queueInsert,
  queueRemove,
  queueSettle,
  resetQueueHighest,
  type BackendWords,
  type Granted,
  type QueueWords,
  type ServerWords,
  type Ticket,
} from './tickets.ts';

/** `queued`: wait for `Wake.granted`. `entered`: a session was free after all. `full`: `maxqueue` is reached, or the thread's tickets are exhausted. */
export type EnqueueResult =
  | { readonly type: 'queued'; readonly ticket: Ticket }
  | { readonly type: 'entered'; readonly server: number }
  | { readonly type: 'full' };

/** Order in a queue: lowest class first (`set-priority-class`, -2047 to 2047), then arrival plus offset (`set-priority-offset`, ms). */
export interface QueuePosition {
  readonly priorityClass: number;
  readonly offsetMs: number;
}

/** A server as queueing sees it at this moment. */
export interface ServerLimit {
  /** Its slot. */
  readonly server: number;
  /** Sessions that it may have now (maxconn, minconn and slow start applied); 0: no limit. */
  readonly limit: number;
  /** Whether it may serve streams that did not ask for it: false while it drains, is down, or is a backup not in use. */
  readonly takesBackendQueue: boolean;
}

const NONE: readonly Granted[] = [];

/** The calling thread's access to one backend. Build it once for each generation. Main must not use it but for `used`, `highest` and lengths. */
export class Admission {
  readonly #tickets: Tickets;
  readonly #segment: Segment;
  readonly #backend: BackendWords;

  /** `backend` is a slot. */
  constructor(tickets: Tickets, backend: number) {
    this.#tickets = tickets;
    this.#segment = tickets.segment;
    this.#backend = tickets.backend(backend);
  }

  /** Main only, before any thread queues on the server: which backend it belongs to. Recovery needs it. */
  static assign(segment: Segment, server: number, backend: number): void {
    const { ints, shared } = segment.object('server', server);
    Atomics.store(ints, shared + kindWords('server') + ServerShared.backend, backend + 1);
  }

  /** Counts a session on the server; false when its limit is reached or an older stream waits for it. */
  enter({ server, limit, takesBackendQueue }: ServerLimit): boolean {
    const words = this.#tickets.server(server);
    if (limit === 0) {
      words.sessions.increment();
      return true;
    }
    if (length(words.queue) > 0 || (takesBackendQueue && length(this.#backend.queue) > 0)) return false;
    acquire(words.ints, words.lock, this.#segment.party);
    const sum = words.sessions.sum();
    const free = sum + words.ints[words.granted] < limit;
    if (free) words.sessions.incrementLocked(sum);
    release(words.ints, words.lock);
    return free;
  }

  /**
   * Ends a session. If streams wait, the oldest get what is free: those of other threads are woken, those of the caller's
   * thread are returned, their sessions already counted.
   */
  leave(server: ServerLimit): readonly Granted[] {
    this.#tickets.server(server.server).sessions.decrement();
    return this.dispatch(server);
  }

  /** Gives free sessions to waiting streams, as `leave` does: after the server came up, its limit rose, or a thread died. */
  dispatch(server: ServerLimit): readonly Granted[] {
    const words = this.#tickets.server(server.server);
    if (length(words.queue) === 0 && (!server.takesBackendQueue || length(this.#backend.queue) === 0)) return NONE;
    const own: Granted[] = [];
    this.#lock();
    this.#grantFree(words, server, own);
    this.#unlock();
    return this.#tickets.handOver(own);
  }

  /** Waits for that server. `maxqueue` 0: no bound. `now` as in frequency.ts. */
  enqueueForServer(server: ServerLimit, maxqueue: number, position: QueuePosition, now: number): EnqueueResult {
    const words = this.#tickets.server(server.server);
    return this.#enqueue(words.queue, server.server + 1, maxqueue, [server], position, now);
  }

  /**
   * Waits for any of the backend's servers; `candidates` are those that could serve it now. While others wait already, only
   * `likely` are looked at: the first of them found all candidates full, and whoever ends a session since sees that they wait.
   * What that does not cover, since no session ended, is likely: a server that the caller believes to be free (it may have
   * come with a reload), or all, where limits move by themselves.
   */
  enqueueForBackend(
    candidates: readonly ServerLimit[],
    likely: readonly ServerLimit[],
    position: QueuePosition,
    now: number,
  ): EnqueueResult {
    return this.#enqueue(this.#backend.queue, 0, 0, candidates, position, now, likely);
  }

  /**
   * Gives up waiting (time-out, client gone). When the ticket had been granted meanwhile, the session goes on to the next
   * oldest, as in `leave`; `limitOf` describes that server.
   */
  cancel(ticket: Ticket, limitOf: (server: number) => ServerLimit): readonly Granted[] {
    const { tickets, party } = this.#segment;
    const state = ticketWord(ticket, TicketWord.state);
    const own: Granted[] = [];
    const deferred = this.#tickets.takeDeferred(ticket);
    this.#lock();
    if (deferred !== undefined) {
      if (deferred.type === 'entered') {
        this.#tickets.server(deferred.server).sessions.decrement();
        this.#grantFree(this.#tickets.server(deferred.server), limitOf(deferred.server), own);
      }
    } else if (tickets[state] === TicketState.waiting) {
      const queue = this.#queueOf(ticket);
      queueRemove(this.#segment, queue, ticket);
      queueSettle(this.#segment, queue, ticket, false);
      Atomics.store(tickets, state, TicketState.free);
    } else if (tickets[state] === TicketState.granted) {
      const server = tickets[ticketWord(ticket, TicketWord.server)];
      const words = this.#tickets.server(server);
      this.#tickets.forget(ticket);
      acquire(words.ints, words.lock, party);
      Atomics.store(tickets, state, TicketState.free);
      words.ints[words.granted]--;
      release(words.ints, words.lock);
      this.#grantFree(words, limitOf(server), own);
    } else {
      this.#tickets.forget(ticket);
      Atomics.store(tickets, state, TicketState.free);
    }
    this.#unlock();
    this.#tickets.discard(ticket);
    return this.#tickets.handOver(own);
  }

  /** Empties a server's own queue, because it went down: its streams balance again. Those of the caller's thread are returned. */
  redistribute(server: number): readonly Granted[] {
    const { tickets, identity } = this.#segment;
    const { queue } = this.#tickets.server(server);
    const own: Granted[] = [];
    this.#lock();
    for (let ticket = heapFirst(queue); ticket >= 0; ticket = heapFirst(queue)) {
      queueRemove(this.#segment, queue, ticket);
      queueSettle(this.#segment, queue, ticket, false);
      if (ownerOf(this.#segment, ticket) === identity.thread) {
        Atomics.store(tickets, ticketWord(ticket, TicketWord.state), TicketState.free);
        own.push({ ticket, type: 'redispatch' });
      } else {
        Atomics.store(tickets, ticketWord(ticket, TicketWord.state), TicketState.redispatch);
        this.#tell(ticket);
      }
    }
    this.#unlock();
    return this.#tickets.handOver(own);
  }

  /** Sessions of the server and grants that are not yet claimed: what its limit is compared with. */
  used(server: number): number {
    const words = this.#tickets.server(server);
    return words.sessions.sum() + Atomics.load(words.ints, words.granted);
  }

  /** Streams in the server's own queue (qcur), and the most there have been (qmax). */
  serverQueue(server: number): { readonly length: number; readonly highest: number } {
    return figures(this.#tickets.server(server).queue);
  }

  /** Streams in the backend's own queue: what a request asks. */
  waitingForAny(): number {
    return length(this.#backend.queue);
  }

  /** Streams in the backend's own queue, without those of its servers, and the most there have been. */
  backendQueue(): { readonly length: number; readonly highest: number } {
    return figures(this.#backend.queue);
  }

  /** `clear counters` for one server's queue, or the backend's own. False when the lock could not be had at once; try again later. */
  resetQueueHighest(server?: number): boolean {
    return resetQueueHighest(
      this.#segment,
      this.#backend,
      server === undefined ? this.#backend.queue : this.#tickets.server(server).queue,
    );
  }

  #lock(): void {
    acquire(this.#backend.ints, this.#backend.lock, this.#segment.party);
  }

  #unlock(): void {
    release(this.#backend.ints, this.#backend.lock);
  }

  #queueOf(ticket: Ticket): QueueWords {
    const queue = this.#segment.tickets[ticketWord(ticket, TicketWord.queue)];
    return queue === 0 ? this.#backend.queue : this.#tickets.server(queue - 1).queue;
  }

  #enqueue(
    queue: QueueWords,
    queueWord: number,
    maxqueue: number,
    candidates: readonly ServerLimit[],
    position: QueuePosition,
    now: number,
    likely: readonly ServerLimit[] = candidates,
  ): EnqueueResult {
    if (maxqueue > 0 && length(queue) >= maxqueue) return { type: 'full' };
    const ticket = this.#tickets.allocate();
    if (ticket < 0) return { type: 'full' };
    const { tickets } = this.#segment;
    this.#lock();
    if (maxqueue > 0 && length(queue) >= maxqueue) {
      this.#unlock();
      this.#tickets.discard(ticket);
      return { type: 'full' };
    }
    const isFirst = length(queue) === 0;
    this.#describe(ticket, queueWord, position, now);
    tickets[ticketWord(ticket, TicketWord.served)] = queue.ints[queue.served];
    Atomics.store(tickets, ticketWord(ticket, TicketWord.state), TicketState.waiting);
    queueInsert(this.#segment, queue, ticket);
    const own: Granted[] = [];
    let entered = -1;
    for (const candidate of isFirst ? candidates : likely) {
      this.#grantFree(this.#tickets.server(candidate.server), candidate, own);
      for (const granted of own.splice(0)) {
        if (granted.ticket !== ticket) this.#tickets.defer(granted);
        else if (granted.type === 'entered') entered = granted.server;
      }
      if (entered >= 0) break;
    }
    this.#unlock();
    if (entered < 0) return { type: 'queued', ticket };
    this.#tickets.discard(ticket);
    return { type: 'entered', server: entered };
  }

  /** Under the queue lock. The backend's clock never falls, so that threads whose time differs by a little keep the order of arrival. */
  #describe(ticket: Ticket, queueWord: number, position: QueuePosition, now: number): void {
    const { tickets, ticketFloats } = this.#segment;
    const { ints, floats, clockMs, sequence, slot } = this.#backend;
    const clock = Math.max(floats[clockMs], now);
    floats[clockMs] = clock;
    tickets[ticketWord(ticket, TicketWord.backend)] = slot;
    tickets[ticketWord(ticket, TicketWord.queue)] = queueWord;
    tickets[ticketWord(ticket, TicketWord.priorityClass)] = position.priorityClass;
    tickets[ticketWord(ticket, TicketWord.sequence)] = ints[sequence] = (ints[sequence] + 1) | 0;
    ticketFloats[ticketDue(ticket)] = clock + position.offsetMs;
  }

  /** Under the queue lock: the oldest streams that the server may serve get its free sessions. */
  #grantFree(words: ServerWords, { server, limit, takesBackendQueue }: ServerLimit, own: Granted[]): void {
    const { tickets, identity, party } = this.#segment;
    for (;;) {
      const ticket = this.#oldest(words, takesBackendQueue);
      if (ticket < 0) return;
      // Most servers are full, and need no lock to say so: a session that ends after this look is followed by one at the queue.
      if (limit > 0 && words.sessions.sum() + words.ints[words.granted] >= limit) return;
      acquire(words.ints, words.lock, party);
      const sum = words.sessions.sum();
      if (limit > 0 && sum + words.ints[words.granted] >= limit) {
        release(words.ints, words.lock);
        return;
      }
      const queue = this.#queueOf(ticket);
      queueRemove(this.#segment, queue, ticket);
      queueSettle(this.#segment, queue, ticket, true);
      const state = ticketWord(ticket, TicketWord.state);
      tickets[ticketWord(ticket, TicketWord.server)] = server;
      if (ownerOf(this.#segment, ticket) === identity.thread) {
        Atomics.store(tickets, state, TicketState.free);
        words.sessions.incrementLocked(sum);
        release(words.ints, words.lock);
        own.push({ ticket, type: 'entered', server });
      } else {
        Atomics.store(tickets, state, TicketState.granted);
        words.ints[words.granted]++;
        release(words.ints, words.lock);
        this.#tell(ticket);
      }
    }
  }

  #oldest(words: ServerWords, takesBackendQueue: boolean): Ticket {
    const own = heapFirst(words.queue);
    const common = takesBackendQueue ? heapFirst(this.#backend.queue) : -1;
    if (own < 0 || common < 0) return Math.max(own, common);
    return before(this.#segment, own, common) ? own : common;
  }

  /** Under the queue lock: puts the ticket into its owner's inbox and wakes the owner. */
  #tell(ticket: Ticket): void {
    const { control, tickets } = this.#segment;
    const owner = ownerOf(this.#segment, ticket);
    const inbox = controlInts(owner) + ControlWord.inbox;
    const next = ticketWord(ticket, TicketWord.inbox);
    let head = Atomics.load(control, inbox);
    for (;;) {
      tickets[next] = head;
      const found = Atomics.compareExchange(control, inbox, head, ticket + 1);
      if (found === head) break;
      head = found;
    }
    postWake(this.#segment, owner, Wake.granted);
  }
}

const length = (queue: QueueWords): number => Atomics.load(queue.ints, queue.length);

const figures = (queue: QueueWords): { length: number; highest: number } => ({
  length: length(queue),
  highest: Atomics.load(queue.ints, queue.highest),
});

/** The thread whose ticket it is. */
const ownerOf = (segment: Segment, ticket: Ticket): number => Math.floor(ticket / segment.ticketsPerThread);
