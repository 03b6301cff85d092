// Dispatch against real sockets: choosing, connecting, retrying, redispatching, waiting. Figures and pauses as observed on
// HAProxy 2.6.12 with the same set-ups.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { AdminState, OperationalState } from '@evenkeel/shm';
import { changeState } from './test-kit.ts';
import { freePort } from '../test-sockets.ts';
import { type Client, listen, pick, setup } from './test-setup.ts';

test('a connection is made, its slot is counted, and both are returned', async (context) => {
  const { port } = await listen(context);
  const { backend, client, stat } = setup(context, [{ port }]);
  const one = await client().start(backend).settled();
  assert.equal(one.failure, undefined);
  assert.equal(one.server?.name, 's0');
  assert.equal(one.reused, false);
  assert.deepEqual([backend.currentSessions(), backend.servers[0].currentSessions()], [1, 1]);
  assert.ok(one.dispatch.queueTimeMs >= 0 && one.dispatch.connectTimeMs >= 0);
  one.end();
  assert.deepEqual(
    [backend.currentSessions(), backend.servers[0].currentSessions(), backend.servers[0].pool.open],
    [0, 0, 0],
  );
  assert.deepEqual(pick(stat(0), 'sessions', 'loadBalanced', 'connects', 'reuses', 'failedConnects'), [1, 1, 1, 0, 0]);
});

test('without a usable server the failure is no-server, at once', (context) => {
  const { owner, plan, backend, client, stat } = setup(context, [{ port: 1 }]);
  changeState(owner, plan, 0, (state) => state.set('operationalState', OperationalState.stopped));
  const one = client().start(backend);
  assert.equal(one.failure, 'no-server');
  assert.equal(one.dispatch.server, undefined);
  assert.deepEqual([one.dispatch.queueTimeMs, stat('backend').failedConnects], [-1, 1]);
});

test('a refused server is tried retries + 1 times with pauses of min(1 s, timeout connect)', async (context) => {
  const { backend, client, stat } = setup(context, [{ port: await freePort() }], {
    retries: 2,
    timeouts: { connect: 60 },
  });
  const before = performance.now();
  const one = await client().start(backend).settled();
  assert.equal(one.failure, 'refused');
  assert.ok(performance.now() - before >= 120, 'two pauses of 60 ms');
  assert.equal(one.dispatch.retries, 2);
  assert.equal(one.dispatch.redispatched, false);
  assert.equal(one.dispatch.connectTimeMs, -1);
  assert.deepEqual(
    pick(stat(0), 'failedConnects', 'retries', 'redispatches', 'loadBalanced', 'sessions'),
    [1, 2, 0, 1, 3],
  );
  assert.deepEqual(
    pick(stat('backend'), 'failedConnects', 'retries', 'redispatches', 'loadBalanced', 'sessions'),
    [1, 2, 0, 1, 1],
  );
});

test('with redispatch and another server, the next attempt goes there at once', async (context) => {
  const { port } = await listen(context);
  const { backend, client, stat } = setup(context, [{ port: await freePort() }, { port }], { redispatch: -1 });
  for (let stream = 0; stream < 2; stream++) {
    const one = await client().start(backend).settled();
    assert.equal(one.server?.name, 's1');
    assert.equal(one.dispatch.retries, 1);
    assert.equal(one.dispatch.redispatched, true);
  }
  assert.deepEqual(
    pick(stat(0), 'failedConnects', 'retries', 'redispatches', 'loadBalanced', 'sessions'),
    [0, 0, 2, 2, 2],
  );
  assert.deepEqual(pick(stat(1), 'redispatches', 'loadBalanced', 'sessions'), [0, 2, 2]);
  assert.deepEqual(
    pick(stat('backend'), 'failedConnects', 'retries', 'redispatches', 'loadBalanced', 'sessions'),
    [0, 0, 2, 4, 2],
  );
});

for (const { redispatch, retries, attempts } of [
  { redispatch: -1, retries: 3, attempts: 3 },
  { redispatch: -1, retries: 1, attempts: 1 },
  { redispatch: 1, retries: 3, attempts: 1 },
  { redispatch: 2, retries: 3, attempts: 2 },
  { redispatch: 3, retries: 5, attempts: 3 },
  { redispatch: -2, retries: 5, attempts: 4 },
]) {
  test(`a stream bound to a server by persistence leaves it after ${attempts} attempts with option redispatch ${redispatch}, retries ${retries}`, async (context) => {
    const { port } = await listen(context);
    const { backend, client, stat } = setup(context, [{ port: await freePort() }, { port }], {
      redispatch,
      retries,
      timeouts: { connect: 20 },
    });
    const one = client();
    one.dispatch.assign(backend);
    one.dispatch.persistentServer = backend.servers[0];
    one.dispatch.start();
    await one.settled();
    assert.equal(one.server?.name, 's1');
    assert.equal(one.dispatch.retries, attempts);
    assert.deepEqual(pick(stat(0), 'retries', 'redispatches', 'loadBalanced', 'sessions'), [
      attempts - 1,
      1,
      0,
      attempts,
    ]);
  });
}

test('option redispatch 0 and none leave a bound stream on its server', async (context) => {
  const { port } = await listen(context);
  for (const redispatch of [0, undefined]) {
    const { backend, client } = setup(context, [{ port: await freePort() }, { port }], {
      redispatch,
      timeouts: { connect: 10 },
    });
    const one = client();
    one.dispatch.assign(backend);
    one.dispatch.persistentServer = backend.servers[0];
    one.dispatch.start();
    assert.equal((await one.settled()).failure, 'refused');
    assert.equal(one.dispatch.retries, 3);
  }
});

test('retry-on none makes one attempt', async (context) => {
  const { backend, client } = setup(context, [{ port: await freePort() }], { retryOn: ['none'] });
  const one = await client().start(backend).settled();
  assert.equal(one.failure, 'refused');
  assert.equal(one.dispatch.retries, 0);
});

test('an attempt ends with timeout connect, and the next follows without a pause', async (context) => {
  // A listener whose thread sleeps accepts nobody: once its backlog is full, further connections stay in SYN_SENT.
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads')
     const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port)
       setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
     })`,
    { eval: true },
  );
  context.after(() => worker.terminate());
  const [port] = (await once(worker, 'message')) as [number];
  const fillers = Array.from({ length: 4 }, () => net.connect(port, '127.0.0.1').on('error', () => {}));
  context.after(() => fillers.forEach((filler) => filler.destroy()));
  await Promise.any(fillers.map((filler) => once(filler, 'connect')));
  const { backend, client, stat } = setup(context, [{ port }], { retries: 2, timeouts: { connect: 50 } });
  const one = await client().start(backend).settled();
  assert.equal(one.failure, 'connect-timeout');
  assert.equal(one.dispatch.retries, 2);
  assert.deepEqual(pick(stat(0), 'failedConnects', 'retries', 'sessions', 'connects'), [1, 2, 3, 3]);
  assert.equal(backend.servers[0].pool.open, 0);
});

test('over maxconn streams wait in order, and a slot that is returned wakes the oldest', async (context) => {
  const { port } = await listen(context);
  const { backend, client, stat } = setup(context, [{ port, maxconn: 1 }]);
  const first = await client().start(backend).settled();
  const second = client().start(backend);
  const third = client().start(backend);
  assert.equal(backend.queued(), 2);
  first.end();
  await second.settled();
  assert.equal(second.dispatch.backendQueuePosition, 1);
  assert.equal(third.calls, 0);
  assert.equal(backend.queued(), 1);
  second.end();
  await third.settled();
  assert.equal(third.dispatch.backendQueuePosition, 2, 'two were served since it came, itself included');
  third.end();
  assert.deepEqual(pick(stat(0), 'loadBalanced', 'sessions'), [1, 3], 'who waited was not balanced');
  assert.deepEqual([backend.queued(), backend.servers[0].currentSessions(), backend.currentSessions()], [0, 0, 0]);
});

test('a lower priority class leaves the queue first, then an earlier arrival after its offset (manual "set-priority-class")', async (context) => {
  const { port } = await listen(context);
  const { backend, client } = setup(context, [{ port, maxconn: 1 }]);
  const waiting = (priorityClass: number, offsetMs: number): Client => {
    const one = client();
    one.dispatch.assign(backend);
    one.dispatch.priorityClass = priorityClass;
    one.dispatch.offsetMs = offsetMs;
    one.dispatch.start();
    return one;
  };
  let now = await client().start(backend).settled();
  const late = waiting(0, 100_000);
  const low = waiting(5, -100_000);
  const usual = waiting(0, 0);
  const early = waiting(0, -100_000);
  const high = waiting(-1, 100_000);
  for (const [at, next] of [high, early, usual, late, low].entries()) {
    now.end();
    await next.settled();
    assert.equal(next.dispatch.backendQueuePosition, at + 1, 'those that came later and were served first count');
    now = next;
  }
});

test('minconn: the limit follows the streams of the backend, up to maxconn at fullconn (manual "minconn")', async (context) => {
  const { port } = await listen(context);
  const { backend, client } = setup(context, [{ port, minconn: 1, maxconn: 4 }], { fullconn: 8 });
  const server = backend.servers[0];
  const clients: Client[] = [];
  const limits: number[] = [];
  const served: number[] = [];
  for (let stream = 1; stream <= 9; stream++) {
    clients.push(client().start(backend));
    limits.push(server.limit.limit);
    served.push(server.currentSessions());
  }
  assert.deepEqual(limits, [1, 1, 1, 2, 2, 3, 3, 4, 4]);
  assert.deepEqual(served, limits, 'who comes raises the limit for the oldest that waits');
  for (const each of clients) {
    await each.settled();
    each.end();
    assert.ok(server.currentSessions() <= server.limit.limit + 1);
  }
  assert.deepEqual([backend.queued(), backend.currentSessions(), server.currentSessions()], [0, 0, 0]);
});

test('timeout queue ends a wait, and its place goes to the next', async (context) => {
  const { port } = await listen(context);
  const { backend, client, stat } = setup(context, [{ port, maxconn: 1 }], { timeouts: { connect: 1000, queue: 40 } });
  const first = await client().start(backend).settled();
  const second = await client().start(backend).settled();
  assert.equal(second.failure, 'queue-timeout');
  assert.ok(second.dispatch.queueTimeMs >= 40);
  assert.equal(second.dispatch.server, undefined);
  assert.deepEqual([stat(0).failedConnects, stat('backend').failedConnects], [0, 1]);
  assert.equal(backend.queued(), 0);
  second.end();
  const third = client().start(backend);
  first.end();
  assert.equal((await third.settled()).failure, undefined);
});

test('a waiter whose client goes away leaves the queue', async (context) => {
  const { port } = await listen(context);
  const { backend, client } = setup(context, [{ port, maxconn: 1 }]);
  const first = await client().start(backend).settled();
  const second = client().start(backend);
  const third = client().start(backend);
  second.end();
  first.end();
  await third.settled();
  assert.equal(second.calls, 0);
});

test('maxqueue bounds the queue of a server that persistence names; with redispatch another is taken', async (context) => {
  const { port } = await listen(context);
  const { port: other } = await listen(context);
  for (const redispatch of [undefined, -1]) {
    const { backend, client, stat } = setup(context, [{ port, maxconn: 1, maxqueue: 1 }, { port: other }], {
      redispatch,
    });
    const bound = (): Client => {
      const one = client();
      one.dispatch.assign(backend);
      one.dispatch.persistentServer = backend.servers[0];
      one.dispatch.start();
      return one;
    };
    const first = await bound().settled();
    const second = bound();
    assert.equal(backend.servers[0].queued(), 1);
    const third = await bound().settled();
    if (redispatch === undefined) {
      assert.equal(third.failure, 'queue-full');
      assert.equal(third.dispatch.queueTimeMs, -1);
      assert.deepEqual([stat(0).failedConnects, stat('backend').failedConnects], [1, 1]);
    } else {
      assert.equal(third.server?.name, 's1');
      assert.deepEqual([third.dispatch.redispatched, third.dispatch.retries], [true, 0]);
      assert.deepEqual(pick(stat(0), 'redispatches', 'loadBalanced'), [1, 0]);
    }
    assert.equal(second.calls, 0);
    first.end();
    await second.settled();
    assert.equal(second.dispatch.serverQueuePosition, 1);
  }
});

test('a server that goes down, or drains, frees its own queue, which balances again, with option redispatch alone', async (context) => {
  const { port } = await listen(context);
  const { port: other } = await listen(context);
  const stays = setup(context, [{ port, maxconn: 1 }, { port: other }]);
  const wait = (): Client => {
    const one = stays.client();
    one.dispatch.assign(stays.backend);
    one.dispatch.persistentServer = stays.backend.servers[0];
    one.dispatch.start();
    return one;
  };
  await wait().settled();
  wait();
  changeState(stays.owner, stays.plan, 0, (state) => state.set('adminState', AdminState.forcedDrain));
  assert.equal(stays.backend.servers[0].queued(), 1, 'as on HAProxy, it waits on without that option');
  const { owner, plan, backend, client } = setup(context, [{ port, maxconn: 1 }, { port: other }], { redispatch: -1 });
  const bound = (): Client => {
    const one = client();
    one.dispatch.assign(backend);
    one.dispatch.persistentServer = backend.servers[0];
    one.dispatch.start();
    return one;
  };
  await bound().settled();
  const waiting = bound();
  changeState(owner, plan, 0, (state) => state.set('operationalState', OperationalState.stopped));
  assert.equal((await waiting.settled()).server?.name, 's1');
  const again = setup(context, [{ port, maxconn: 1 }, { port: other }], { redispatch: -1 });
  const boundAgain = (): Client => {
    const one = again.client();
    one.dispatch.assign(again.backend);
    one.dispatch.persistentServer = again.backend.servers[0];
    one.dispatch.start();
    return one;
  };
  await boundAgain().settled();
  const drained = boundAgain();
  changeState(again.owner, again.plan, 0, (state) => state.set('adminState', AdminState.forcedDrain));
  assert.equal((await drained.settled()).server?.name, 's1');
  assert.equal(again.backend.servers[0].queued(), 0);
});

test('on-marked-up shutdown-backup-sessions ends what runs on backups (manual 5.2)', async (context) => {
  const { port } = await listen(context);
  const { port: other } = await listen(context);
  const { owner, plan, backend, client } = setup(context, [
    { port, onMarkedUp: 'shutdown-backup-sessions' },
    { port: other, backup: true },
  ]);
  changeState(owner, plan, 0, (state) => state.set('operationalState', OperationalState.stopped));
  const onBackup = await client().start(backend).settled();
  assert.equal(onBackup.server?.name, 's1');
  changeState(owner, plan, 0, (state) => {
    state.set('operationalState', OperationalState.running);
    state.set('timesUp', state.get('timesUp') + 1);
  });
  while (onBackup.shutdown === undefined) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(onBackup.shutdown, 'up');
});

test('a server that was down for a moment only still ends its sessions', async (context) => {
  const { port } = await listen(context);
  const { owner, plan, backend, client } = setup(context, [{ port, onMarkedDown: 'shutdown-sessions' }]);
  const one = await client().start(backend).settled();
  changeState(owner, plan, 0, (state) => state.set('timesDown', state.get('timesDown') + 1));
  while (one.shutdown === undefined) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(one.shutdown, 'down');
});

test('a server that comes up takes from the queue', async (context) => {
  const { port } = await listen(context);
  const { port: other } = await listen(context);
  const { owner, plan, backend, client } = setup(context, [
    { port, maxconn: 1 },
    { port: other, maxconn: 1 },
  ]);
  changeState(owner, plan, 1, (state) => state.set('adminState', AdminState.forcedMaintenance));
  await client().start(backend).settled();
  const waiting = client().start(backend);
  assert.equal(backend.queued(), 1);
  changeState(owner, plan, 1, (state) => state.set('adminState', 0));
  assert.equal((await waiting.settled()).server?.name, 's1');
});

test('on-marked-down shutdown-sessions ends the streams of that server only', async (context) => {
  const { port } = await listen(context);
  const { port: other } = await listen(context);
  const { owner, plan, backend, client } = setup(context, [
    { port, onMarkedDown: 'shutdown-sessions' },
    { port: other },
  ]);
  const clients = await Promise.all([1, 2, 3, 4].map(() => client().start(backend).settled()));
  changeState(owner, plan, 0, (state) => state.set('operationalState', OperationalState.stopped));
  const ended = (): number => clients.filter((one) => one.shutdown === 'down').length;
  while (ended() < 2) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    clients.map((one) => [one.server!.name, one.shutdown]).filter(([, shutdown]) => shutdown !== undefined),
    [
      ['s0', 'down'],
      ['s0', 'down'],
    ],
  );
  assert.equal(backend.servers[0].currentSessions(), 0);
  assert.equal(backend.servers[1].currentSessions(), 2);
});

test('cancelling an attempt closes it and returns the slot', async (context) => {
  const { port } = await listen(context);
  const { backend, client } = setup(context, [{ port, maxconn: 1 }]);
  const first = client().start(backend);
  assert.equal(first.dispatch.waitsFor, 'connect');
  const second = client().start(backend);
  assert.equal(second.dispatch.waitsFor, 'queue');
  first.end();
  await second.settled();
  assert.equal(first.calls, 0);
});

test('a Unix socket and an abstract one are servers too', async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'evenkeel-'));
  context.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'server.sock');
  const name = `evenkeel-test-${process.pid}`;
  for (const [listenAt, address] of [
    [path, { kind: 'unix', path }],
    // Names are padded to the whole of sun_path, as HAProxy does.
    [`\0${name}`.padEnd(108, '\0'), { kind: 'abstract', name }],
  ] as const) {
    const server = net.createServer((socket) => socket.end());
    server.listen(listenAt);
    await once(server, 'listening');
    context.after(() => server.close());
    const { backend, client } = setup(context, [{ port: 0, address }]);
    const one = await client().start(backend).settled();
    assert.equal(one.failure, undefined, address.kind);
    one.end();
  }
});

test('option srvtcpka arms the keep-alive timer of the kernel, in its intervals', async (context) => {
  const { port } = await listen(context);
  const { backend, client } = setup(context, [{ port }], {
    options: { srvtcpka: true, srvtcpkaIdleMs: 77_000, srvtcpkaIntvlMs: 5000, srvtcpkaCnt: 3 },
  });
  await client().start(backend).settled();
  const { stdout } = await promisify(execFile)('ss', ['-tnoH', 'state', 'established', 'dport', '=', `:${port}`]);
  assert.match(stdout, /timer:\(keepalive,1min1[0-9]sec/);
});

test('retry() on an established connection is an attempt like others, until retries is spent', async (context) => {
  const { port } = await listen(context);
  const { backend, client, stat } = setup(context, [{ port }], { retries: 1 });
  const one = await client().start(backend).settled();
  one.connection!.destroy();
  one.calls = 0;
  assert.equal(one.dispatch.retry(), true);
  await one.settled();
  assert.deepEqual([one.dispatch.retries, one.reused, backend.servers[0].currentSessions()], [1, false, 1]);
  assert.equal(one.dispatch.retry(), false);
  assert.deepEqual(pick(stat(0), 'retries', 'connects', 'sessions'), [2, 2, 2], 'counted as by HAProxy');
});

test('finish() is idempotent, and a dispatch that is still assigned refuses another backend', async (context) => {
  const { port } = await listen(context);
  const { backend, client } = setup(context, [{ port }]);
  const one = await client().start(backend).settled();
  assert.throws(() => one.dispatch.assign(backend), /still assigned to b/);
  one.end();
  one.dispatch.finish();
  one.dispatch.close();
  assert.deepEqual(
    [backend.currentSessions(), backend.servers[0].currentSessions(), backend.servers[0].pool.open],
    [0, 0, 0],
  );
});
