// A server that is removed while a stream queues for it, was granted it, or keeps a connection to it for itself: what another
// thread, or this one, did between main's last look and the moment at which this thread follows.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Admission, Segment, Tickets } from '@evenkeel/shm';
import type { Plan } from '../plan.ts';
import { prepareServers } from './prepare.ts';
import { listen, setup, type Setup } from './test-setup.ts';
import type { ProxyOptions } from './test-kit.ts';

/** Two servers, of which s0 takes one stream at a time. */
async function stage(
  context: TestContext,
  options: ProxyOptions,
): Promise<Setup & { sockets: ReadonlySet<unknown>; slot: number; removeFirst: () => void }> {
  const [{ port, sockets }, other] = [await listen(context), await listen(context)];
  const made = setup(context, [{ port, maxconn: 1 }, { port: other.port }], options);
  const { owner, plan, backend } = made;
  const removeFirst = (): void => {
    const [proxy] = plan.proxies;
    const next: Plan = { ...plan, proxies: [{ ...proxy, serverSlots: proxy.serverSlots.slice(1), revision: 1 }] };
    prepareServers(owner, plan, next, 0);
    made.thread.segment.extend(owner.handle());
    backend.changeServers({ ...backend.config, servers: backend.config.servers.slice(1) }, next.proxies[0]);
  };
  return { ...made, sockets, slot: backend.servers[0].slot, removeFirst };
}

const PERSIST: ProxyOptions = { options: { persist: true } };
const PRIVATE: ProxyOptions = {
  mode: 'http',
  httpReuse: 'never',
  maxSessionSrvConns: 5,
  maxKeepAliveQueue: -1,
  options: { preferLastServer: true },
};

async function until(condition: () => boolean): Promise<void> {
  const limit = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > limit) assert.fail('never');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test('a stream that waits for a server that is removed chooses another', { timeout: 30_000 }, async (context) => {
  const { backend, client, slot, removeFirst } = await stage(context, PERSIST);
  const first = backend.servers[0];
  const [holds, waits, late] = [client(), client(), client()];
  for (const one of [holds, waits]) {
    one.dispatch.assign(backend);
    one.dispatch.persistentServer = first;
    one.dispatch.start();
  }
  await holds.settled();
  assert.equal(first.queued(), 1);
  removeFirst();
  await waits.settled();
  assert.equal(waits.server?.name, 's1');
  // Its rule named the server before, and it starts only now.
  late.dispatch.assign(backend);
  late.dispatch.persistentServer = first;
  late.dispatch.start();
  await late.settled();
  assert.equal(late.server?.name, 's1');
  holds.end();
  assert.equal(backend.admission.used(slot), 0);
});

test(
  'a slot that another thread granted on a server that was removed since is given back',
  { timeout: 30_000 },
  async (context) => {
    const { owner, backend, client, slot, removeFirst } = await stage(context, PERSIST);
    owner.useThread(2);
    const elsewhere = new Admission(
      new Tickets(new Segment(owner.handle(), { thread: 2, incarnation: 1 })),
      backend.slot,
    );
    const limit = { server: slot, limit: 1, takesBackendQueue: false };
    assert.ok(elsewhere.enter(limit));
    const waits = client();
    waits.dispatch.assign(backend);
    waits.dispatch.persistentServer = backend.servers[0];
    waits.dispatch.start();
    assert.deepEqual(elsewhere.leave(limit), []);
    // This thread has not looked at what it was granted.
    removeFirst();
    assert.equal(elsewhere.used(slot), 1);
    await waits.settled();
    assert.equal(waits.server?.name, 's1');
    assert.equal(elsewhere.used(slot), 0);
  },
);

test(
  'connections that clients keep for themselves end with their server, and do not lead back to it',
  { timeout: 30_000 },
  async (context) => {
    const { backend, client, slot, sockets, removeFirst } = await stage(context, PRIVATE);
    const one = client();
    one.dispatch.assign(backend);
    one.dispatch.persistentServer = backend.servers[0];
    one.dispatch.start();
    await one.settled();
    one.giveBack();
    await until(() => sockets.size === 1);
    removeFirst();
    await until(() => sockets.size === 0);
    await one.start(backend).settled();
    assert.deepEqual([one.server?.name, one.reused], ['s1', false]);
    assert.equal(backend.admission.used(slot), 0);
  },
);

test(
  'a connection to a server that is removed while it is used is not kept after that',
  { timeout: 30_000 },
  async (context) => {
    const { backend, client, slot, sockets, removeFirst } = await stage(context, PRIVATE);
    const one = client();
    one.dispatch.assign(backend);
    one.dispatch.persistentServer = backend.servers[0];
    one.dispatch.start();
    await one.settled();
    await until(() => sockets.size === 1);
    removeFirst();
    one.giveBack();
    await until(() => sockets.size === 0);
    await one.start(backend).settled();
    assert.equal(one.server?.name, 's1');
    assert.equal(backend.admission.used(slot), 0);
  },
);
