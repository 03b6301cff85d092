// Two generations of one backend in one thread: counts are common, orders follow, waiters of the old one are served.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Balance } from '@evenkeel/config';
import { OperationalState, type SegmentOwner } from '@evenkeel/shm';
import type { Plan } from '../plan.ts';
import type { Backend } from './backend.ts';
import type { Server } from './server.ts';
import { changeState, planOf, singleThread, type ServerOptions, type TestThread } from './test-kit.ts';
import { Client, listen } from './test-setup.ts';

function twoGenerations(
  context: TestContext,
  algorithm: Balance['algorithm'],
  before: readonly ServerOptions[],
  after: readonly ServerOptions[],
): { thread: TestThread; old: Backend; next: Backend; owner: SegmentOwner; plan: Plan } {
  const { owner, start } = singleThread();
  const options = { balance: { algorithm } as Balance };
  const first = planOf(owner, before, options, 1);
  const second = planOf(owner, after, options, 2);
  const thread = start();
  context.after(() => thread.stop());
  return { thread, old: thread.build(first), next: thread.build(second), owner, plan: second };
}

const take = (backend: Backend, server: Server): void => {
  assert.ok(backend.admission.enter(server.limit));
  backend.balancer.loadChanged?.(server);
};
const give = (backend: Backend, server: Server): void => {
  backend.admission.leave(server.limit);
  backend.balancer.loadChanged?.(server);
};

test('leastconn sees within a second that streams of the old generation ended', (context) => {
  const servers = [{ port: 1 }, { port: 1 }];
  const { thread, old, next } = twoGenerations(context, 'leastconn', servers, servers);
  for (let stream = 0; stream < 2; stream++) take(old, old.servers[0]);
  thread.backendThread.retire([old]);
  thread.now += 1001;
  next.followVersion();
  assert.equal(next.picker.pick(0, undefined)?.name, 's1');
  take(next, next.servers[1]);
  for (let stream = 0; stream < 2; stream++) give(old, old.servers[0]);
  thread.now += 1001;
  next.followVersion();
  assert.equal(next.picker.pick(0, undefined)?.name, 's0');
});

test('maxconn counts the streams of both generations, and a slot that one returns serves the other', async (context) => {
  const { port } = await listen(context);
  const servers = [{ port, maxconn: 1 }];
  const { thread, old, next } = twoGenerations(context, 'roundrobin', servers, servers);
  const first = await new Client(thread).start(old).settled();
  thread.backendThread.retire([old]);
  const second = new Client(thread).start(next);
  assert.equal(next.queued(), 1);
  first.end();
  await second.settled();
  assert.equal(second.server, next.servers[0]);
  const third = new Client(thread).start(old);
  second.end();
  await third.settled();
  assert.equal(third.server, old.servers[0]);
  third.end();
});

test('a stream of the old generation may be granted a server that came with the new one', async (context) => {
  const { port } = await listen(context);
  const { thread, old, next } = twoGenerations(
    context,
    'roundrobin',
    [{ port, maxconn: 1 }],
    [
      { port, maxconn: 1 },
      { port, maxconn: 1 },
    ],
  );
  const first = await new Client(thread).start(old).settled();
  const waiting = new Client(thread).start(old);
  assert.equal(old.queued(), 1);
  // The new server is filled from the queue as after a change of state.
  thread.backendThread.deliver(next.admission.dispatch(next.servers[1].limit));
  await waiting.settled();
  assert.equal(waiting.server, next.servers[1]);
  waiting.end();
  first.end();
  assert.deepEqual(
    next.servers.map((server) => server.currentSessions()),
    [0, 0],
  );
});

test('a server that another thread grants is known, also where this one has not used the backend since the reload', (context) => {
  const { owner, start } = singleThread();
  const first = planOf(owner, [{ port: 1 }], {}, 1);
  const second = planOf(owner, [{ port: 1 }, { port: 1 }], {}, 2);
  const thread = start();
  context.after(() => thread.stop());
  const old = thread.build(first);
  const [, slot] = second.proxies[0].serverSlots;
  assert.equal(thread.backendThread.findServer(old.slot, slot), undefined);
  thread.backendThread.current = { backendBySlot: (asked) => (asked === old.slot ? thread.build(second) : undefined) };
  const found = thread.backendThread.findServer(old.slot, slot);
  assert.equal(found?.name, 's1');
  assert.equal(thread.backendThread.findServer(old.slot, slot), found);
});

test('a server that comes with a reload takes from the queue at once', async (context) => {
  const { port } = await listen(context);
  const servers = [{ port, maxconn: 1 }];
  const { thread, old, next } = twoGenerations(context, 'roundrobin', servers, [...servers, ...servers]);
  const first = await new Client(thread).start(old).settled();
  const waiting = new Client(thread).start(old);
  thread.backendThread.retire([old]);
  await waiting.settled();
  assert.equal(waiting.server, next.servers[1]);
  for (const client of [waiting, first]) client.end();
  assert.equal(next.queued(), 0);
});

test('streams of the old generation end with their server, and on backups when a server is back', async (context) => {
  const { port } = await listen(context);
  const { port: other } = await listen(context);
  const servers: ServerOptions[] = [
    { port, onMarkedDown: 'shutdown-sessions', onMarkedUp: 'shutdown-backup-sessions' },
    { port: other, backup: true },
  ];
  const { thread, old, owner, plan } = twoGenerations(context, 'roundrobin', servers, servers);
  const ended = async (client: Client): Promise<string | undefined> => {
    while (client.shutdown === undefined) await new Promise((resolve) => setImmediate(resolve));
    return client.shutdown;
  };
  const active = await new Client(thread).start(old).settled();
  thread.backendThread.retire([old]);
  changeState(owner, plan, 0, (state) => {
    state.set('operationalState', OperationalState.stopped);
    state.set('timesDown', state.get('timesDown') + 1);
  });
  assert.equal(await ended(active), 'down');
  const onBackup = await new Client(thread).start(old).settled();
  assert.equal(onBackup.server, old.servers[1]);
  changeState(owner, plan, 0, (state) => {
    state.set('operationalState', OperationalState.running);
    state.set('timesUp', state.get('timesUp') + 1);
  });
  assert.equal(await ended(onBackup), 'up');
});
