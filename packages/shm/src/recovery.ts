// Takes back what a dead thread held. Main only, after the thread has ended.
//
// Order: its locks are taken over (none is let go yet, so nobody sees a half-made change); queues whose lock it held are
// built anew from the tickets, and grants are counted anew; the locks are released; its shares of gauges become 0; its
// tickets leave the queues. Then every thread is told to rescan its tickets and to dispatch what has become free.
import { ControlWord, controlInts } from './control.ts';
import type { ThreadIdentity } from './identity.ts';
import {
  BackendShared,
  CommonShared,
  CommonThread,
  ServerShared,
  kindLayouts,
  kindWords,
  objectKinds,
} from './layout.ts';
import { release, takeOver, tryAcquire } from './lock.ts';
import { Wake, postWake } from './mailbox.ts';
import type { Segment } from './segment.ts';
import { TicketState, TicketWord, heapInsert, ticketWord } from './ticket-table.ts';
import { Tickets, queueRemove, type QueueWords } from './tickets.ts';

interface HeldLock {
  readonly ints: Int32Array;
  readonly index: number;
}

/**
 * False when a lock is held by yet another thread for longer than about `waitMs`, which may have died too: call again when
 * that one has been recovered, or later; everything here may be repeated. After true the thread's number may be used again.
 */
export function recoverThread(segment: Segment, dead: ThreadIdentity, waitMs: number): boolean {
  const locks = takeOverLocks(segment, dead);
  const words = new Tickets(segment);
  for (let backend = 0; backend < segment.capacity('backend'); backend++) {
    const { ints, lock } = words.backend(backend);
    if (locks.some((held) => held.ints === ints && held.index === lock)) rebuildQueues(segment, words, backend);
  }
  for (const { ints, index } of locks) release(ints, index);
  clearShares(segment, dead.thread);
  if (!dropTickets(segment, words, dead.thread, waitMs)) return false;
  const control = controlInts(dead.thread);
  for (const word of [ControlWord.wake, ControlWord.inbox, ControlWord.waitsFor, ControlWord.ticketsUsed])
    Atomics.store(segment.control, control + word, 0);
  for (let thread = 0; thread < segment.threadsUsed(); thread++) {
    if (thread !== dead.thread) postWake(segment, thread, Wake.recovered);
  }
  return true;
}

function takeOverLocks(segment: Segment, dead: ThreadIdentity): HeldLock[] {
  const held: HeldLock[] = [];
  const take = (ints: Int32Array, index: number): void => {
    if (takeOver(ints, index, dead, segment.party)) held.push({ ints, index });
  };
  for (const kind of objectKinds) {
    for (let slot = 0; slot < segment.capacity(kind); slot++) {
      const { ints, shared } = segment.object(kind, slot);
      take(ints, shared + CommonShared.lock);
      if (kind === 'backend') take(ints, shared + kindWords(kind) + BackendShared.queueLock);
    }
  }
  return held;
}

/**
 * Under the queue lock. Lengths and grants are stored once, as what they come to: other threads read them without this
 * lock. Grants differ from what is stored only on a server whose own lock the dead thread held, too.
 */
function rebuildQueues(segment: Segment, words: Tickets, backend: number): void {
  const queues = new Map<number, { readonly queue: QueueWords; waiting: number }>([
    [0, { queue: words.backend(backend).queue, waiting: 0 }],
  ]);
  const grants = new Map<number, number>();
  for (let slot = 0; slot < segment.capacity('server'); slot++) {
    const { ints, shared } = segment.object('server', slot);
    if (Atomics.load(ints, shared + kindWords('server') + ServerShared.backend) !== backend + 1) continue;
    queues.set(slot + 1, { queue: words.server(slot).queue, waiting: 0 });
    grants.set(slot, 0);
  }
  for (const { queue } of queues.values()) queue.ints[queue.root] = 0;
  for (const ticket of ticketsOf(segment, backend)) {
    const state = segment.tickets[ticketWord(ticket, TicketWord.state)];
    if (state === TicketState.waiting) {
      const entry = queues.get(segment.tickets[ticketWord(ticket, TicketWord.queue)]);
      if (entry === undefined) throw new Error(`ticket ${ticket} waits for a server that is not of backend ${backend}`);
      heapInsert(segment, entry.queue, ticket);
      entry.waiting++;
    } else if (state === TicketState.granted) {
      const server = segment.tickets[ticketWord(ticket, TicketWord.server)];
      grants.set(server, (grants.get(server) ?? 0) + 1);
    }
  }
  for (const { queue, waiting } of queues.values()) Atomics.store(queue.ints, queue.length, waiting);
  for (const [server, granted] of grants) {
    const { ints, granted: index } = words.server(server);
    if (ints[index] !== granted) Atomics.store(ints, index, granted);
  }
}

/** Tickets of all threads, or of one, that are not free; those of one backend, or of all. */
function* ticketsOf(segment: Segment, backend?: number, thread?: number): Generator<number> {
  const [from, to] = thread === undefined ? [0, segment.threadsUsed()] : [thread, thread + 1];
  for (let owner = from; owner < to; owner++) {
    const used = Atomics.load(segment.control, controlInts(owner) + ControlWord.ticketsUsed);
    for (let place = 0; place < used; place++) {
      const ticket = owner * segment.ticketsPerThread + place;
      if (Atomics.load(segment.tickets, ticketWord(ticket, TicketWord.state)) === TicketState.free) continue;
      if (backend === undefined || segment.tickets[ticketWord(ticket, TicketWord.backend)] === backend) yield ticket;
    }
  }
}

function clearShares(segment: Segment, thread: number): void {
  for (const kind of objectKinds) {
    for (let slot = 0; slot < segment.capacity(kind); slot++) {
      const { ints, threadInts, threadIntStride } = segment.object(kind, slot);
      const shares = threadInts + thread * threadIntStride + CommonThread.WORDS;
      for (let gauge = 0; gauge < kindLayouts[kind].gauges; gauge++) Atomics.store(ints, shares + gauge, 0);
    }
  }
}

function dropTickets(segment: Segment, words: Tickets, thread: number, waitMs: number): boolean {
  const { tickets, party } = segment;
  for (const ticket of ticketsOf(segment, undefined, thread)) {
    const { ints, lock, queue } = words.backend(tickets[ticketWord(ticket, TicketWord.backend)]);
    if (!tryAcquire(ints, lock, party, waitMs)) return false;
    const state = ticketWord(ticket, TicketWord.state);
    const serverQueue = tickets[ticketWord(ticket, TicketWord.queue)];
    if (tickets[state] === TicketState.waiting) {
      queueRemove(segment, serverQueue === 0 ? queue : words.server(serverQueue - 1).queue, ticket);
    } else if (tickets[state] === TicketState.granted) {
      const server = words.server(tickets[ticketWord(ticket, TicketWord.server)]);
      if (!tryAcquire(server.ints, server.lock, party, waitMs)) {
        release(ints, lock);
        return false;
      }
      server.ints[server.granted]--;
      release(server.ints, server.lock);
    }
    Atomics.store(tickets, state, TicketState.free);
    release(ints, lock);
  }
  return true;
}
