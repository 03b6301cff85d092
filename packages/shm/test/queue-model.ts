// For queue.test.ts and recovery.test.ts: a backend with threads that take turns in one real thread, and a plain model of
// what must happen: who is served next, and how many sessions each server has.
import assert from 'node:assert/strict';
import type { ThreadIdentity } from '../src/identity.ts';
import { Admission, type EnqueueResult, type QueuePosition, type ServerLimit } from '../src/queue.ts';
import { recoverThread } from '../src/recovery.ts';
import { SegmentOwner } from '../src/segment-owner.ts';
import { Segment } from '../src/segment.ts';
import { Tickets, type Granted, type Ticket } from '../src/tickets.ts';

/** Where a stream waits: a server's queue, or -1 for the backend's. */
interface Waiting {
  readonly thread: number;
  readonly ticket: Ticket;
  readonly queue: number;
  readonly priorityClass: number;
  readonly due: number;
  readonly arrival: number;
}

export interface SimulatedThread {
  identity: ThreadIdentity;
  tickets: Tickets;
  admission: Admission;
  /** Servers on which it has sessions. */
  sessions: number[];
  /** Grants that it has not been told of yet, in the order of granting. */
  inbox: Granted[];
}

export class Simulation {
  readonly owner: SegmentOwner;
  readonly threads: SimulatedThread[];
  readonly limits: number[];
  readonly takes: boolean[];
  readonly #backend: number;
  waiting: Waiting[] = [];
  #clock = 0;
  #arrivals = 0;
  #lastNow = -Infinity;

  constructor(threads: number, limits: readonly number[], ticketsPerThread: number = 64) {
    this.owner = new SegmentOwner({ maxThreads: threads + 1, ticketsPerThread });
    this.#backend = this.owner.allocate('backend', 'b');
    this.limits = [...limits];
    this.takes = limits.map(() => true);
    // Slots of servers are 0, 1, …: this is the first thing allocated.
    limits.forEach((_, i) =>
      Admission.assign(this.owner.segment, this.owner.allocate('server', `b/s${i}`), this.#backend),
    );
    this.threads = Array.from({ length: threads }, (_, i) => this.#join(i + 1, 1));
  }

  #join(thread: number, incarnation: number): SimulatedThread {
    this.owner.useThread(thread);
    const identity = { thread, incarnation };
    const tickets = new Tickets(new Segment(this.owner.handle(), identity));
    return { identity, tickets, admission: new Admission(tickets, this.#backend), sessions: [], inbox: [] };
  }

  server(server: number): ServerLimit {
    return { server, limit: this.limits[server], takesBackendQueue: this.takes[server] };
  }

  candidates(): ServerLimit[] {
    return this.limits.map((_, server) => this.server(server)).filter(({ takesBackendQueue }) => takesBackendQueue);
  }

  /** Sessions and grants of a server, by the model. */
  used(server: number): number {
    const granted = (thread: SimulatedThread): number =>
      thread.inbox.filter((grant) => grant.type === 'entered' && grant.server === server).length;
    return this.threads.reduce(
      (sum, thread) => sum + thread.sessions.filter((s) => s === server).length + granted(thread),
      0,
    );
  }

  isFree(server: number): boolean {
    return this.limits[server] === 0 || this.used(server) < this.limits[server];
  }

  /** The waiting stream that a server must serve next. */
  next(server: number): Waiting | undefined {
    return this.waiting
      .filter(({ queue }) => queue === server || (queue === -1 && this.takes[server]))
      .toSorted((a, b) => a.priorityClass - b.priorityClass || a.due - b.due || a.arrival - b.arrival)[0];
  }

  /** What the model says is granted when free sessions of a server are given out; those of `self` are returned. */
  #grantFree(server: number, self: SimulatedThread): Granted[] {
    const own: Granted[] = [];
    for (let next = this.next(server); next !== undefined && this.isFree(server); next = this.next(server)) {
      const { thread, ticket } = next;
      this.waiting = this.waiting.filter((waiting) => waiting !== next);
      const owner = this.threads.find(({ identity }) => identity.thread === thread)!;
      const granted: Granted = { ticket, type: 'entered', server };
      if (owner === self) {
        self.sessions.push(server);
        own.push(granted);
      } else owner.inbox.push(granted);
    }
    return own;
  }

  enter(thread: SimulatedThread, server: number): void {
    const { limit } = this.server(server);
    const waits = this.next(server) !== undefined;
    const expected = limit === 0 || (!waits && this.isFree(server));
    if (expected) thread.sessions.push(server);
    assert.equal(thread.admission.enter(this.server(server)), expected);
  }

  leave(thread: SimulatedThread, index: number): void {
    if (thread.sessions.length === 0) return;
    const [server] = thread.sessions.splice(index % thread.sessions.length, 1) as [number];
    const expected = this.#grantFree(server, thread);
    assert.deepEqual([...thread.admission.leave(this.server(server))], expected);
  }

  wait(
    thread: SimulatedThread,
    queue: number,
    maxqueue: number,
    position: QueuePosition,
    advanceMs: number,
  ): EnqueueResult {
    // Threads do not agree on the time to the millisecond; the order of arrival must not suffer.
    const now = (this.#clock += advanceMs) - (thread.identity.thread % 3);
    const { length } = queue < 0 ? thread.admission.backendQueue() : thread.admission.serverQueue(queue);
    const result =
      queue < 0
        ? thread.admission.enqueueForBackend(this.candidates(), [], position, now)
        : thread.admission.enqueueForServer(this.server(queue), maxqueue, position, now);
    const full =
      (queue >= 0 && maxqueue > 0 && length >= maxqueue) ||
      thread.tickets.waiting() > thread.tickets.segment.ticketsPerThread;
    if (full) {
      assert.deepEqual(result, { type: 'full' });
      return result;
    }
    const ticket = result.type === 'queued' ? result.ticket : -1;
    this.#lastNow = Math.max(this.#lastNow, now);
    this.waiting.push({
      thread: thread.identity.thread,
      ticket,
      queue,
      priorityClass: position.priorityClass,
      due: this.#lastNow + position.offsetMs,
      arrival: this.#arrivals++,
    });
    let entered = -1;
    for (const server of queue < 0 ? this.candidates().map((candidate) => candidate.server) : [queue]) {
      for (const granted of this.#grantFree(server, thread)) {
        if (granted.ticket === -1 && granted.type === 'entered') entered = granted.server;
        else {
          // The model counted it as told; it is told later.
          thread.inbox.push(granted);
          thread.sessions.splice(thread.sessions.lastIndexOf(server), 1);
        }
      }
      if (entered >= 0) break;
    }
    assert.deepEqual(result, entered >= 0 ? { type: 'entered', server: entered } : { type: 'queued', ticket });
    return result;
  }

  cancel(thread: SimulatedThread, index: number): void {
    const own = [
      ...this.waiting.filter((waiting) => waiting.thread === thread.identity.thread).map(({ ticket }) => ticket),
      ...thread.inbox.map(({ ticket }) => ticket),
    ];
    if (own.length === 0) return;
    const ticket = own[index % own.length];
    const granted = thread.inbox.find((grant) => grant.ticket === ticket);
    let expected: Granted[] = [];
    this.waiting = this.waiting.filter(
      (waiting) => waiting.thread !== thread.identity.thread || waiting.ticket !== ticket,
    );
    if (granted !== undefined) {
      thread.inbox = thread.inbox.filter((grant) => grant !== granted);
      if (granted.type === 'entered') expected = this.#grantFree(granted.server, thread);
    }
    assert.deepEqual([...thread.admission.cancel(ticket, (server) => this.server(server))], expected);
  }

  take(thread: SimulatedThread): void {
    const expected = thread.inbox;
    thread.inbox = [];
    for (const grant of expected) if (grant.type === 'entered') thread.sessions.push(grant.server);
    const byTicket = (a: Granted, b: Granted): number => a.ticket - b.ticket;
    assert.deepEqual(thread.tickets.takeGranted().sort(byTicket), expected.sort(byTicket));
  }

  dispatch(thread: SimulatedThread, server: number): void {
    const expected = this.#grantFree(server, thread);
    assert.deepEqual([...thread.admission.dispatch(this.server(server))], expected);
  }

  redistribute(thread: SimulatedThread, server: number): void {
    const queued = this.waiting
      .filter(({ queue }) => queue === server)
      .toSorted((a, b) => a.priorityClass - b.priorityClass || a.due - b.due || a.arrival - b.arrival);
    this.waiting = this.waiting.filter(({ queue }) => queue !== server);
    const own: Granted[] = [];
    for (const { thread: owner, ticket } of queued) {
      const granted: Granted = { ticket, type: 'redispatch' };
      if (owner === thread.identity.thread) own.push(granted);
      else this.threads.find(({ identity }) => identity.thread === owner)!.inbox.push(granted);
    }
    assert.deepEqual([...thread.admission.redistribute(server)], own);
  }

  /** A thread ends, is recovered and replaced; afterwards the others give out what it held, as they must. */
  die(thread: SimulatedThread): void {
    assert.equal(recoverThread(this.owner.segment, thread.identity, 10), true);
    this.waiting = this.waiting.filter((waiting) => waiting.thread !== thread.identity.thread);
    const index = this.threads.indexOf(thread);
    this.threads[index] = this.#join(thread.identity.thread, thread.identity.incarnation + 1);
  }

  check(): void {
    const [first] = this.threads as [SimulatedThread];
    this.limits.forEach((_, server) => {
      assert.equal(first.admission.used(server), this.used(server), `sessions and grants of server ${server}`);
      assert.equal(
        first.admission.serverQueue(server).length,
        this.waiting.filter(({ queue }) => queue === server).length,
        `queue of server ${server}`,
      );
    });
    assert.equal(
      first.admission.backendQueue().length,
      this.waiting.filter(({ queue }) => queue === -1).length,
      'queue of the backend',
    );
  }
}
