import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Mailbox, Wake } from './mailbox.ts';
import { Simulation, type SimulatedThread } from '../test/queue-model.ts';

const here = { priorityClass: 0, offsetMs: 0 };

describe('maxconn and queues', () => {
  it('any sequence of entering, leaving, waiting, giving up, dying and changing limits serves whom the model serves', () => {
    const position = fc.record({
      priorityClass: fc.oneof(fc.constant(0), fc.integer({ min: -2047, max: 2047 })),
      offsetMs: fc.oneof(fc.constant(0), fc.integer({ min: -50, max: 50 })),
    });
    const thread = fc.nat(2);
    const server = fc.nat(2);
    const step = fc.oneof(
      fc.record({ type: fc.constant('enter' as const), thread, server }),
      fc.record({ type: fc.constant('leave' as const), thread, index: fc.nat(9) }),
      fc.record({
        type: fc.constant('wait' as const),
        thread,
        queue: fc.integer({ min: -1, max: 2 }),
        maxqueue: fc.nat(4),
        position,
        advance: fc.nat(3),
      }),
      fc.record({ type: fc.constant('cancel' as const), thread, index: fc.nat(9) }),
      fc.record({ type: fc.constant('take' as const), thread }),
      fc.record({ type: fc.constant('limit' as const), thread, server, limit: fc.nat(4) }),
      fc.record({ type: fc.constant('takes' as const), thread, server, takes: fc.boolean() }),
      fc.record({ type: fc.constant('redistribute' as const), thread, server }),
      fc.record({ type: fc.constant('die' as const), thread }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.nat(3), { minLength: 3, maxLength: 3 }),
        fc.array(step, { maxLength: 150 }),
        (limits, steps) => {
          const simulation = new Simulation(3, limits);
          for (const s of steps) {
            const t = simulation.threads[s.thread];
            switch (s.type) {
              case 'enter':
                simulation.enter(t, s.server);
                break;
              case 'leave':
                simulation.leave(t, s.index);
                break;
              case 'wait':
                simulation.wait(t, s.queue, s.maxqueue, s.position, s.advance);
                break;
              case 'cancel':
                simulation.cancel(t, s.index);
                break;
              case 'take':
                simulation.take(t);
                break;
              case 'limit':
                simulation.limits[s.server] = s.limit;
                simulation.dispatch(t, s.server);
                break;
              case 'takes':
                simulation.takes[s.server] = s.takes;
                simulation.dispatch(t, s.server);
                break;
              case 'redistribute':
                simulation.redistribute(t, s.server);
                break;
              case 'die':
                simulation.die(t);
                simulation.limits.forEach((_, each) =>
                  simulation.dispatch(simulation.threads[(s.thread + 1) % 3], each),
                );
            }
            simulation.check();
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  const two = (limits: readonly number[]): { simulation: Simulation; a: SimulatedThread; b: SimulatedThread } => {
    const simulation = new Simulation(2, limits, 4);
    const [a, b] = simulation.threads as [SimulatedThread, SimulatedThread];
    return { simulation, a, b };
  };

  it('a session that ends on one thread goes to the stream that waits on another', () => {
    const { simulation, a, b } = two([1]);
    assert.equal(a.admission.enter(simulation.server(0)), true);
    assert.equal(b.admission.enter(simulation.server(0)), false);
    const waiting = b.admission.enqueueForBackend([simulation.server(0)], [simulation.server(0)], here, 1);
    assert.equal(waiting.type, 'queued');
    assert.deepEqual([...a.admission.leave(simulation.server(0))], []);
    assert.equal(a.admission.used(0), 1, 'the grant counts');
    assert.equal(a.admission.enter(simulation.server(0)), false, 'nobody comes in between');
    assert.deepEqual(b.tickets.takeGranted(), [
      { ticket: waiting.type === 'queued' ? waiting.ticket : -1, type: 'entered', server: 0 },
    ]);
    assert.equal(b.admission.used(0), 1);
    b.admission.leave(simulation.server(0));
    assert.equal(a.admission.used(0), 0);
  });

  it('nobody enters past a stream that waits, even while a session is free', () => {
    const { simulation, a, b } = two([1]);
    simulation.limits[0] = 1;
    a.admission.enter(simulation.server(0));
    b.admission.enqueueForServer(simulation.server(0), 0, here, 1);
    simulation.limits[0] = 2;
    assert.equal(a.admission.enter(simulation.server(0)), false);
    assert.deepEqual(
      [...b.admission.dispatch(simulation.server(0))].map(({ type }) => type),
      ['entered'],
    );
  });

  it('maxqueue bounds a server\'s own queue (manual 5.2 "maxqueue"), and the table of tickets bounds all', () => {
    const { simulation, a, b } = two([1]);
    a.admission.enter(simulation.server(0));
    assert.equal(a.admission.enqueueForServer(simulation.server(0), 2, here, 1).type, 'queued');
    assert.equal(b.admission.enqueueForServer(simulation.server(0), 2, here, 1).type, 'queued');
    assert.deepEqual(b.admission.enqueueForServer(simulation.server(0), 2, here, 1), { type: 'full' });
    assert.deepEqual(a.admission.serverQueue(0), { length: 2, highest: 2 });
    for (let i = 0; i < 3; i++) assert.equal(a.admission.enqueueForBackend([], [], here, 2).type, 'queued');
    assert.deepEqual(a.admission.enqueueForBackend([], [], here, 2), { type: 'full' }, 'four tickets for each thread');
    assert.equal(a.tickets.waiting(), 4);
    assert.equal(a.admission.resetQueueHighest(0), true);
    assert.deepEqual(a.admission.backendQueue(), { length: 3, highest: 3 });
  });

  it("a server that does not take the backend's queue serves its own only", () => {
    const { simulation, a, b } = two([1]);
    a.admission.enter(simulation.server(0));
    const common = b.admission.enqueueForBackend([], [], here, 1);
    const own = b.admission.enqueueForServer({ ...simulation.server(0), takesBackendQueue: false }, 0, here, 2);
    assert.ok(common.type === 'queued' && own.type === 'queued');
    a.admission.leave({ ...simulation.server(0), takesBackendQueue: false });
    assert.deepEqual(b.tickets.takeGranted(), [{ ticket: own.ticket, type: 'entered', server: 0 }]);
    b.admission.leave({ ...simulation.server(0), takesBackendQueue: false });
    assert.deepEqual(b.tickets.takeGranted(), []);
    assert.equal(b.admission.backendQueue().length, 1);
  });

  it('a grant that a call could not return keeps its ticket until it is taken, and may still be given up', () => {
    const { simulation, a, b } = two([1]);
    b.admission.enter(simulation.server(0));
    const first = a.admission.enqueueForBackend([simulation.server(0)], [simulation.server(0)], here, 1);
    assert.ok(first.type === 'queued');
    simulation.limits[0] = 2;
    const second = a.admission.enqueueForBackend([simulation.server(0)], [simulation.server(0)], here, 2);
    assert.ok(second.type === 'queued', 'the older stream got the session that had become free');
    const third = a.admission.enqueueForBackend([simulation.server(0)], [simulation.server(0)], here, 3);
    assert.ok(third.type === 'queued');
    assert.equal(new Set([first.ticket, second.ticket, third.ticket]).size, 3);
    assert.equal(new Mailbox(a.tickets.segment).take(), Wake.granted);
    const next = a.admission.cancel(first.ticket, (server) => simulation.server(server));
    assert.deepEqual([...next], [{ ticket: second.ticket, type: 'entered', server: 0 }]);
    assert.deepEqual(a.tickets.takeGranted(), []);
    assert.equal(a.admission.used(0), 2);
  });

  it('highest sessions (smax) count sessions that had begun', () => {
    const { simulation, a, b } = two([2]);
    a.admission.enter(simulation.server(0));
    b.admission.enter(simulation.server(0));
    b.admission.enqueueForBackend([simulation.server(0)], [simulation.server(0)], here, 1);
    a.admission.leave(simulation.server(0));
    b.tickets.takeGranted();
    assert.equal(a.tickets.server(0).sessions.highest(), 2);
  });
});
