import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SharedCount } from './counts.ts';
import { BackendShared, CommonShared, FrontendGauge, kindWords } from './layout.ts';
import { acquire, lockOwner, release } from './lock.ts';
import { Mailbox, Wake } from './mailbox.ts';
import { recoverThread } from './recovery.ts';
import { SegmentOwner } from './segment-owner.ts';
import { Segment } from './segment.ts';
import { Simulation, type SimulatedThread } from '../test/queue-model.ts';

const operations = ['add', 'sub', 'or', 'store', 'load', 'exchange', 'compareExchange', 'notify'] as const;
const atomics = Atomics as unknown as Record<string, (...values: unknown[]) => unknown>;
const real = Object.fromEntries(operations.map((name) => [name, atomics[name]]));

/** Runs an action that ends, as a terminated thread does, just before its `crashAt`-th atomic operation; true if it came that far. */
function dies(crashAt: number, action: () => void): boolean {
  let count = 0;
  for (const name of operations) {
    atomics[name] = (...values: unknown[]) => {
      if (++count === crashAt) throw new Error('the thread ends here');
      return real[name](...values);
    };
  }
  try {
    action();
    return false;
  } catch (error) {
    if (error instanceof Error && error.message === 'the thread ends here') return true;
    throw error;
  } finally {
    Object.assign(Atomics, real);
  }
}

/** A backend in the middle of its life: all servers full, streams of every thread waiting in every queue, some grants not yet taken. */
function busy(): Simulation {
  const simulation = new Simulation(3, [3, 1]);
  const [a, b, c] = simulation.threads as [SimulatedThread, SimulatedThread, SimulatedThread];
  for (const [thread, server] of [
    [a, 0],
    [a, 0],
    [b, 0],
    [c, 1],
  ] as const)
    simulation.enter(thread, server);
  for (const [thread, queue, priorityClass] of [
    [b, -1, 0],
    [a, 0, 0],
    [a, -1, 1],
    [c, -1, -1],
    [b, 0, 0],
    [c, 1, 0],
    [a, 1, 3],
    [b, 1, 0],
    [c, 0, 0],
  ] as const) {
    simulation.wait(thread, queue, 0, { priorityClass, offsetMs: 0 }, 1);
  }
  simulation.leave(b, 0);
  simulation.leave(a, 0);
  return simulation;
}

const actions: Readonly<Record<string, (simulation: Simulation, self: SimulatedThread) => void>> = {
  enter: (simulation, self) => void self.admission.enter(simulation.server(0)),
  leave: (simulation, self) => void self.admission.leave(simulation.server(self.sessions[0])),
  'wait for a server': (simulation, self) =>
    void self.admission.enqueueForServer(simulation.server(1), 0, { priorityClass: -9, offsetMs: 0 }, 99),
  'wait for the backend': (simulation, self) =>
    void self.admission.enqueueForBackend(simulation.candidates(), [], { priorityClass: 0, offsetMs: 0 }, 99),
  'take what was granted': (_, self) => void self.tickets.takeGranted(),
  'give up waiting': (simulation, self) =>
    void self.admission.cancel(
      simulation.waiting.find(({ thread }) => thread === self.identity.thread)!.ticket,
      (server) => simulation.server(server),
    ),
  'give up a grant': (simulation, self) =>
    void self.admission.cancel(self.inbox[0].ticket, (server) => simulation.server(server)),
  'dispatch to a raised limit': (simulation, self) => {
    simulation.limits[0] = 5;
    self.admission.dispatch(simulation.server(0));
  },
  'empty a queue': (_, self) => void self.admission.redistribute(0),
};

/** After a death: what the survivors hold, by their own tickets, and the queues say the same; then all is served to the end. */
function settle(simulation: Simulation, dead: SimulatedThread): void {
  const survivors = simulation.threads.filter((thread) => thread !== dead);
  const held = new Map<SimulatedThread, number[]>(survivors.map((thread) => [thread, [...thread.sessions]]));
  const seen: number[] = [];
  const outstanding = new Map(
    survivors.map((thread) => [
      thread,
      new Set(
        [...simulation.waiting.filter((waiting) => waiting.thread === thread.identity.thread), ...thread.inbox].map(
          ({ ticket }) => ticket,
        ),
      ),
    ]),
  );
  const receive = (
    thread: SimulatedThread,
    granted: readonly { ticket: number; type: string; server?: number }[],
  ): void => {
    for (const { ticket, type, server } of granted) {
      assert.ok(outstanding.get(thread)!.delete(ticket), `ticket ${ticket} is granted once, and was waiting`);
      seen.push(ticket);
      if (type === 'entered') held.get(thread)!.push(server!);
    }
  };
  const used = (server: number): number =>
    survivors.reduce((sum, thread) => sum + held.get(thread)!.filter((s) => s === server).length, 0);
  const [first] = survivors as [SimulatedThread];
  const pump = (): void => {
    for (const thread of survivors) receive(thread, thread.tickets.rescan());
    for (const { server } of simulation.candidates())
      receive(first, first.admission.dispatch(simulation.server(server)));
    for (const thread of survivors) receive(thread, thread.tickets.rescan());
    simulation.limits.forEach((limit, server) => {
      assert.equal(first.admission.used(server), used(server), `sessions of server ${server}`);
      assert.ok(used(server) <= limit, `limit of server ${server}`);
    });
    const waiting = [...outstanding.values()].reduce((sum, tickets) => sum + tickets.size, 0);
    const queued =
      first.admission.backendQueue().length +
      simulation.limits.reduce((sum, _, server) => sum + first.admission.serverQueue(server).length, 0);
    assert.equal(queued, waiting, 'streams in queues');
    if (waiting > 0)
      assert.ok(
        simulation.limits.some((limit, server) => used(server) >= limit),
        'somebody waits only while a server is full',
      );
  };
  pump();
  for (let round = 0; [...held.values()].some((sessions) => sessions.length > 0); round++) {
    assert.ok(round < 100);
    for (const thread of survivors) {
      const server = held.get(thread)!.shift();
      if (server !== undefined) receive(thread, thread.admission.leave(simulation.server(server)));
    }
    pump();
  }
  assert.deepEqual(
    [...outstanding.values()].map((tickets) => tickets.size),
    survivors.map(() => 0),
    'every waiting stream was served',
  );
  simulation.limits.forEach((_, server) => assert.equal(first.admission.used(server), 0));
}

describe('a thread that dies before any of its atomic operations', () => {
  for (const [name, action] of Object.entries(actions)) {
    it(`${name}: no session is lost or given twice, and no stream is forgotten`, () => {
      let deaths = 0;
      for (let crashAt = 1; ; crashAt++) {
        const simulation = busy();
        // The thread that has a session, a grant that it has not taken, and streams in every queue.
        const self = simulation.threads.find(
          (thread) =>
            thread.sessions.length > 0 &&
            thread.inbox.length > 0 &&
            simulation.waiting.some((waiting) => waiting.thread === thread.identity.thread),
        )!;
        assert.ok(self !== undefined);
        const died = dies(crashAt, () => action(simulation, self));
        assert.equal(recoverThread(simulation.owner.segment, self.identity, 10), true);
        const { segment } = simulation.owner;
        for (const kind of ['backend', 'server'] as const) {
          for (let slot = 0; slot < 2; slot++) {
            const { ints, shared } = segment.object(kind, slot);
            assert.equal(lockOwner(ints, shared + CommonShared.lock), undefined);
            if (kind === 'backend')
              assert.equal(lockOwner(ints, shared + kindWords(kind) + BackendShared.queueLock), undefined);
          }
        }
        settle(simulation, self);
        if (!died) break;
        deaths++;
      }
      assert.ok(deaths > 0);
    });
  }

  it('and from any state that a random life leads to', () => {
    const names = Object.keys(actions);
    const life = fc.array(
      fc.record({
        thread: fc.nat(2),
        type: fc.constantFrom('enter' as const, 'leave' as const, 'wait' as const, 'take' as const),
        queue: fc.integer({ min: -1, max: 1 }),
        priorityClass: fc.integer({ min: -1, max: 1 }),
      }),
      { minLength: 10, maxLength: 60 },
    );
    fc.assert(
      fc.property(
        life,
        fc.constantFrom(...names),
        fc.integer({ min: 1, max: 40 }),
        fc.nat(2),
        (steps, name, crashAt, victim) => {
          const simulation = new Simulation(3, [2, 1]);
          for (const { thread, type, queue, priorityClass } of steps) {
            const t = simulation.threads[thread];
            if (type === 'enter') simulation.enter(t, Math.max(0, queue));
            else if (type === 'leave') simulation.leave(t, 0);
            else if (type === 'wait') simulation.wait(t, queue, 0, { priorityClass, offsetMs: 0 }, 1);
            else simulation.take(t);
          }
          const self = simulation.threads[victim];
          const own = (ticket: { thread: number }): boolean => ticket.thread === self.identity.thread;
          if (name === 'leave') fc.pre(self.sessions.length > 0);
          if (name === 'give up waiting') fc.pre(simulation.waiting.some(own));
          if (name === 'give up a grant') fc.pre(self.inbox.length > 0);
          dies(crashAt, () => actions[name](simulation, self));
          assert.equal(recoverThread(simulation.owner.segment, self.identity, 10), true);
          // A queue that was emptied has told its streams to balance again: the model need not know in which order.
          settle(simulation, self);
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('recovery', () => {
  it('gives back gauges of every kind, and tells every other thread', () => {
    const owner = new SegmentOwner({ maxThreads: 4 });
    const slot = owner.allocate('frontend', 'f');
    const segments = [1, 2].map((thread) => {
      owner.useThread(thread);
      return new Segment(owner.handle(), { thread, incarnation: 1 });
    }) as [Segment, Segment];
    const counts = segments.map((segment) => new SharedCount(segment, 'frontend', slot, FrontendGauge.sessions)) as [
      SharedCount,
      SharedCount,
    ];
    for (let i = 0; i < 5; i++) counts[0].increment();
    counts[1].increment();
    const { ints, shared } = owner.segment.object('frontend', slot);
    acquire(ints, shared, segments[0].party);
    assert.equal(recoverThread(owner.segment, { thread: 1, incarnation: 1 }, 10), true);
    assert.equal(counts[1].sum(), 1);
    assert.equal(counts[1].tryIncrement(2), true);
    assert.equal(new Mailbox(segments[1]).take(), Wake.recovered);
    assert.equal(new Mailbox(owner.segment).take(), Wake.recovered);
    assert.equal(new Mailbox(segments[0]).take(), 0);
  });

  it('asks to be called again while yet another thread holds a queue, and then completes', () => {
    const simulation = busy();
    const [a, b] = simulation.threads as [SimulatedThread, SimulatedThread];
    const { ints, lock } = a.tickets.backend(0);
    acquire(ints, lock, b.tickets.segment.party);
    assert.equal(recoverThread(simulation.owner.segment, a.identity, 5), false);
    release(ints, lock);
    assert.equal(recoverThread(simulation.owner.segment, a.identity, 5), true);
    settle(simulation, a);
  });

  it('two threads that die, one with the lock that the other needs, are both recovered', () => {
    const simulation = busy();
    const [a, b, c] = simulation.threads as [SimulatedThread, SimulatedThread, SimulatedThread];
    const { ints, lock } = a.tickets.backend(0);
    acquire(ints, lock, b.tickets.segment.party);
    assert.equal(recoverThread(simulation.owner.segment, a.identity, 5), false);
    assert.equal(recoverThread(simulation.owner.segment, b.identity, 5), true);
    assert.equal(recoverThread(simulation.owner.segment, a.identity, 5), true);
    assert.equal(c.admission.used(0) + c.admission.used(1), simulation.threads[2].sessions.length + c.inbox.length);
  });
});
