// One thread's side of waiting: it allocates tickets from its slice and learns what was granted. Slots: ticket-table.ts.
//
// Whoever grants a ticket of another thread pushes it onto that thread's inbox (a list through the tickets, its head in the
// control block) and wakes it. The owner takes the whole list at once, so there is no race between two takers. A grant
// counts against the server's limit from the moment it is made (`granted`), and turns into a session of the owner's share
// when the owner claims it; so a grant is not lost whichever of the two threads dies.
import { ControlWord, controlInts } from './control.ts';
import { SharedCount } from './counts.ts';
import { BackendShared, BackendSharedFloat, CommonShared, ServerGauge, ServerShared, kindWords } from './layout.ts';
import { acquire, release, tryAcquire } from './lock.ts';
import { Wake, postWake } from './mailbox.ts';
import type { Segment } from './segment.ts';
import { TicketState, TicketWord, heapInsert, heapRemove, ticketWord, type HeapRoot } from './ticket-table.ts';

/** A waiting stream: an index into the ticket table, in the slice of the thread that waits. */
export type Ticket = number;

/** What became of a ticket. `entered`: the caller holds a session on `server`. `redispatch`: its server's queue was emptied, balance again. */
export type Granted =
  | { readonly ticket: Ticket; readonly type: 'entered'; readonly server: number }
  | { readonly ticket: Ticket; readonly type: 'redispatch' };

/** Where a queue's words lie: those of a server or of a backend. `length` and `highest` are numbers of tickets, `served` counts those that got a session. */
export interface QueueWords extends HeapRoot {
  readonly length: number;
  readonly highest: number;
  readonly served: number;
}

/** A server's words that queueing needs; `lock` guards its sessions and `granted`. */
export interface ServerWords {
  readonly slot: number;
  readonly ints: Int32Array;
  readonly lock: number;
  readonly granted: number;
  readonly sessions: SharedCount;
  readonly queue: QueueWords;
}

/** A backend's words that queueing needs; `lock` guards the queues of the backend and of its servers. */
export interface BackendWords {
  readonly slot: number;
  readonly ints: Int32Array;
  readonly floats: Float64Array;
  readonly lock: number;
  readonly sequence: number;
  readonly clockMs: number;
  readonly queue: QueueWords;
}

const RESET_WAIT_MS = 20;

/** Exactly one for each thread; every `Admission` of the thread shares it. */
export class Tickets {
  readonly segment: Segment;
  readonly #first: Ticket;
  readonly #free: Ticket[] = [];
  #used = 0;
  /** Granted by other threads and taken from the inbox, oldest first. */
  #pending: Ticket[] = [];
  /** Granted by the own thread in a call that could not return it: sessions already counted, tickets still allocated. */
  #deferred: Granted[] = [];
  readonly #servers = new Map<number, ServerWords>();
  readonly #backends = new Map<number, BackendWords>();

  constructor(segment: Segment) {
    this.segment = segment;
    this.#first = segment.identity.thread * segment.ticketsPerThread;
  }

  /** Call on `Wake.granted`: tickets granted since the last call, oldest grant first, with their sessions claimed. */
  takeGranted(): Granted[] {
    const taken = this.handOver(this.#deferred);
    this.#deferred = [];
    this.#absorbInbox();
    const pending = this.#pending;
    this.#pending = [];
    for (const ticket of pending) taken.push(this.#claim(ticket));
    return taken;
  }

  /** Call on `Wake.recovered`: as `takeGranted`, but finds also those whose granting thread died before it told. */
  rescan(): Granted[] {
    const taken = this.takeGranted();
    const { tickets } = this.segment;
    for (let ticket = this.#first; ticket < this.#first + this.#used; ticket++) {
      const state = Atomics.load(tickets, ticketWord(ticket, TicketWord.state));
      if (state !== TicketState.granted && state !== TicketState.redispatch) continue;
      taken.push(this.#claim(ticket));
    }
    return taken;
  }

  /** Tickets that are not free: waiting, or granted and not yet taken. */
  waiting(): number {
    return this.#used - this.#free.length;
  }

  /**
   * Of a ticket whose wait has just ended, and before another is allocated: streams that its queue served while it waited,
   * itself included (`%sq`, `%bq`).
   */
  position(ticket: Ticket): number {
    return this.segment.tickets[ticketWord(ticket, TicketWord.served)];
  }

  /** A free ticket, or -1 when the slice is exhausted. */
  allocate(): Ticket {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#used === this.segment.ticketsPerThread) return -1;
    this.#used++;
    Atomics.store(
      this.segment.control,
      controlInts(this.segment.identity.thread) + ControlWord.ticketsUsed,
      this.#used,
    );
    return this.#first + this.#used - 1;
  }

  /** For a ticket whose state is already free. */
  discard(ticket: Ticket): void {
    this.#free.push(ticket);
  }

  /** The caller is told of these grants now, so their tickets may be used again. */
  handOver(granted: Granted[]): Granted[] {
    for (const { ticket } of granted) this.#free.push(ticket);
    return granted;
  }

  /** For grants to the own thread that the current call cannot return: the thread is woken to take them. */
  defer(granted: Granted): void {
    this.#deferred.push(granted);
    postWake(this.segment, this.segment.identity.thread, Wake.granted);
  }

  /** Takes back a deferred grant that its stream no longer wants; undefined when that ticket has none. */
  takeDeferred(ticket: Ticket): Granted | undefined {
    const granted = this.#deferred.find((deferred) => deferred.ticket === ticket);
    if (granted !== undefined) this.#deferred = this.#deferred.filter((deferred) => deferred !== granted);
    return granted;
  }

  /** Under the queue lock: a granted ticket that its owner no longer wants must not stay in a list. */
  forget(ticket: Ticket): void {
    this.#absorbInbox();
    this.#pending = this.#pending.filter((pending) => pending !== ticket);
  }

  server(slot: number): ServerWords {
    let words = this.#servers.get(slot);
    if (words === undefined) this.#servers.set(slot, (words = serverWords(this.segment, slot)));
    return words;
  }

  backend(slot: number): BackendWords {
    let words = this.#backends.get(slot);
    if (words === undefined) this.#backends.set(slot, (words = backendWords(this.segment, slot)));
    return words;
  }

  /** The inbox is a stack: reversed, it is the order of granting. */
  #absorbInbox(): void {
    const { control, tickets, identity } = this.segment;
    const inbox = controlInts(identity.thread) + ControlWord.inbox;
    if (Atomics.load(control, inbox) === 0) return;
    const taken: Ticket[] = [];
    for (
      let node = Atomics.exchange(control, inbox, 0);
      node !== 0;
      node = tickets[ticketWord(node - 1, TicketWord.inbox)]!
    )
      taken.push(node - 1);
    this.#pending.push(...taken.reverse());
  }

  /** Makes a granted ticket a session of the own share, and frees it. */
  #claim(ticket: Ticket): Granted {
    const { tickets, party } = this.segment;
    const state = ticketWord(ticket, TicketWord.state);
    const { ints, lock } = this.backend(tickets[ticketWord(ticket, TicketWord.backend)]);
    acquire(ints, lock, party);
    // Whoever granted it held this lock until it had pushed the ticket: the inbox holds it by now, if that thread lived.
    this.forget(ticket);
    const entered = tickets[state] === TicketState.granted;
    const server = tickets[ticketWord(ticket, TicketWord.server)];
    if (entered) {
      const words = this.server(server);
      acquire(words.ints, words.lock, party);
      words.ints[words.granted]--;
      words.sessions.incrementLocked(words.sessions.sum());
      release(words.ints, words.lock);
    }
    Atomics.store(tickets, state, TicketState.free);
    release(ints, lock);
    this.#free.push(ticket);
    return entered ? { ticket, type: 'entered', server } : { ticket, type: 'redispatch' };
  }
}

function serverWords(segment: Segment, slot: number): ServerWords {
  const { ints, shared } = segment.object('server', slot);
  const words = shared + kindWords('server');
  return {
    slot,
    ints,
    lock: shared + CommonShared.lock,
    granted: words + ServerShared.granted,
    sessions: new SharedCount(segment, 'server', slot, ServerGauge.sessions),
    queue: {
      ints,
      root: words + ServerShared.queueRoot,
      length: words + ServerShared.queueLength,
      highest: words + ServerShared.queueMax,
      served: words + ServerShared.queueServed,
    },
  };
}

function backendWords(segment: Segment, slot: number): BackendWords {
  const { ints, floats, shared, sharedFloats } = segment.object('backend', slot);
  const words = shared + kindWords('backend');
  return {
    slot,
    ints,
    floats,
    lock: words + BackendShared.queueLock,
    sequence: words + BackendShared.sequence,
    clockMs: sharedFloats + BackendSharedFloat.queueClockMs,
    queue: {
      ints,
      root: words + BackendShared.queueRoot,
      length: words + BackendShared.queueLength,
      highest: words + BackendShared.queueMax,
      served: words + BackendShared.queueServed,
    },
  };
}

/** Under the queue lock. */
export function queueInsert(segment: Segment, queue: QueueWords, ticket: Ticket): void {
  heapInsert(segment, queue, ticket);
  const length = Atomics.add(queue.ints, queue.length, 1) + 1;
  if (length > queue.ints[queue.highest]) queue.ints[queue.highest] = length;
}

/** Under the queue lock. */
export function queueRemove(segment: Segment, queue: QueueWords, ticket: Ticket): void {
  heapRemove(segment, queue, ticket);
  Atomics.sub(queue.ints, queue.length, 1);
}

/** Under the queue lock: the wait of a ticket ends, with a session or without. */
export function queueSettle(segment: Segment, queue: QueueWords, ticket: Ticket, isServed: boolean): void {
  if (isServed) queue.ints[queue.served] = (queue.ints[queue.served] + 1) | 0;
  const at = ticketWord(ticket, TicketWord.served);
  segment.tickets[at] = (queue.ints[queue.served] - segment.tickets[at]) | 0;
}

/** False when the lock could not be had at once; try again later. */
export function resetQueueHighest(segment: Segment, backend: BackendWords, queue: QueueWords): boolean {
  if (!tryAcquire(backend.ints, backend.lock, segment.party, RESET_WAIT_MS)) return false;
  queue.ints[queue.highest] = Atomics.load(queue.ints, queue.length);
  release(backend.ints, backend.lock);
  return true;
}
