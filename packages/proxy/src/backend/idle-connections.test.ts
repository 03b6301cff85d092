// Idle server connections within the descriptors that there are (manual, section 3.2: `tune.pool-low-fd-ratio`,
// `tune.pool-high-fd-ratio`).
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Mailbox, ProcessGauge, SharedCount, Wake } from '@evenkeel/shm';
import { PROCESS_SLOT } from '../plan.ts';
import { eventually } from '../test-sockets.ts';
import { listen, setup, type Client, type Setup } from './test-setup.ts';

interface Stage extends Setup {
  /** Connections open to servers, as all threads count them. */
  open(): number;
  /** Idle connections, by server. */
  idle(): number[];
  /** Gives a request to the server of that number and resolves when it has a connection. */
  request(server: number): Promise<Client>;
}

async function stage(context: TestContext, servers: number, options: Parameters<typeof setup>[2] = {}): Promise<Stage> {
  const ports = await Promise.all(Array.from({ length: servers }, async () => (await listen(context)).port));
  const made = setup(
    context,
    ports.map((port) => ({ port })),
    { mode: 'http', httpReuse: 'always', ...options },
  );
  const { backend, thread } = made;
  const count = new SharedCount(thread.segment, 'process', PROCESS_SLOT, ProcessGauge.serverConnections);
  return {
    ...made,
    open: () => count.sum(),
    idle: () => backend.servers.map(({ pool }) => pool.idle),
    request: async (server) => {
      const client = made.client();
      thread.refresh();
      client.dispatch.assign(backend);
      client.dispatch.persistentServer = backend.servers[server];
      client.dispatch.start();
      return await client.settled();
    },
  };
}

test('from the low mark on a connection is closed instead of kept', async (context) => {
  const { thread, request, idle, open } = await stage(context, 1);
  thread.backendThread.idle.low = 3;
  const clients = await Promise.all([0, 0, 0, 0, 0].map(request));
  assert.equal(open(), 5);
  for (const client of clients) client.giveBack();
  // Five, four and three are not below the mark; of the last two each is.
  assert.deepEqual([idle(), open()], [[2], 2]);
});

test('above the high mark a new connection closes the oldest idle one, of whatever server', async (context) => {
  const { thread, request, idle, open } = await stage(context, 4);
  for (const server of [1, 0, 2]) (await request(server)).giveBack();
  assert.deepEqual(idle(), [1, 1, 1, 0]);
  thread.backendThread.idle.high = 3;
  const first = await request(3);
  assert.deepEqual([idle(), open()], [[1, 0, 1, 0], 3]);
  const second = await request(3);
  assert.deepEqual([idle(), open()], [[0, 0, 1, 0], 3]);
  // One that is reused closes nothing.
  const third = await request(2);
  assert.deepEqual([third.reused, idle(), open()], [true, [0, 0, 0, 0], 3]);
  // Nothing is idle any more: those in use stay, and more come.
  const fourth = await request(0);
  assert.equal(open(), 4);
  for (const client of [first, second, third, fourth]) client.end();
  assert.equal(open(), 0);
});

test('client connections count, too', async (context) => {
  const { thread, request, idle } = await stage(context, 1);
  const clients = new SharedCount(thread.segment, 'process', PROCESS_SLOT, ProcessGauge.connections);
  thread.backendThread.idle.low = 10;
  for (let count = 0; count < 9; count++) clients.increment();
  (await request(0)).giveBack();
  assert.deepEqual(idle(), [0]);
  clients.decrement();
  // What other threads do is seen a moment later.
  const seenMs = thread.now;
  await eventually(() => {
    thread.refresh();
    return thread.now > seenMs + 2;
  }, 'a moment later');
  (await request(0)).giveBack();
  assert.deepEqual(idle(), [1]);
});

test('connections kept for one client count and are closed like others', async (context) => {
  const { thread, request, open, client, backend } = await stage(context, 2, { httpReuse: 'never' });
  const keeper = await request(0);
  keeper.giveBack();
  assert.equal(open(), 1);
  thread.backendThread.idle.high = 1;
  const other = await request(1);
  assert.equal(open(), 1);
  // The keeper does not find a dead one.
  await keeper.start(backend).settled();
  assert.equal(keeper.reused, false);
  thread.backendThread.idle.low = 0;
  keeper.giveBack();
  assert.equal(open(), 1);
  other.end();
  client().end();
  assert.equal(open(), 0);
});

test('another thread that needs room has this one close its idle connections', async (context) => {
  const { thread, request, idle, open, owner } = await stage(context, 2);
  for (const server of [0, 0, 1]) (await request(server)).giveBack();
  assert.equal(open(), 2);
  thread.backendThread.idle.high = 0;
  new Mailbox(owner.segment).post(1, Wake.shed);
  await eventually(() => open() === 0, 'all idle ones are closed');
  assert.deepEqual(idle(), [0, 0]);
});

test('an attempt for which there is no descriptor closes what is idle', async (context) => {
  const { thread, request, open } = await stage(context, 2);
  for (const server of [0, 1]) (await request(server)).giveBack();
  assert.equal(open(), 2);
  thread.backendThread.idle.handleShortage();
  assert.equal(open(), 0);
});
