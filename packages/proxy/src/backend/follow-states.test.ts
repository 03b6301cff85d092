// Many backends whose servers change at once: threads look at them in turns, so that clients are served meanwhile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackendVersion, Mailbox, OperationalState, ServerState, Wake } from '@evenkeel/shm';
import type { Plan } from '../plan.ts';
import { planOf, singleThread } from './test-kit.ts';
import { Client, listen } from './test-setup.ts';

test(
  'each is looked at in a turn of its own, those again that change meanwhile',
  { timeout: 30_000 },
  async (context) => {
    const { port } = await listen(context);
    const { owner, start } = singleThread();
    const servers = [0, 1].map(() => ({ port, onMarkedDown: 'shutdown-sessions' as const }));
    const plans = ['a', 'b', 'c', 'd', 'e'].map((name, index) => planOf(owner, servers, { name }, index + 1));
    const thread = start();
    context.after(() => thread.stop());

    let turn = 0;
    let isOver = false;
    const count = (): void => {
      turn++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    context.after(() => (isOver = true));

    /** Main's part, but for the waking of threads. */
    const fall = (plan: Plan, index: number): void => {
      const { backendSlot, serverSlots } = plan.proxies[0];
      const state = new ServerState(owner.segment, serverSlots[index]);
      state.set('operationalState', OperationalState.stopped);
      state.set('timesDown', state.get('timesDown') + 1);
      new BackendVersion(owner.segment, backendSlot).publish();
    };
    const wake = (): void => new Mailbox(owner.segment).postAll(Wake.state);

    const ended = new Map<string, number>();
    let onFirst: (() => void) | undefined;
    const clients: Client[] = [];
    const stream = async (plan: Plan, index: number): Promise<void> => {
      const backend = backends[plans.indexOf(plan)];
      const client = new Client(thread);
      clients.push(client);
      const { onServerShutdown } = client;
      client.onServerShutdown = (reason) => {
        ended.set(`${plan.config.proxies[0].name}/s${index}`, turn);
        onServerShutdown.call(client, reason);
        onFirst?.();
        onFirst = undefined;
      };
      thread.refresh();
      client.dispatch.assign(backend);
      client.dispatch.persistentServer = backend.servers[index];
      client.dispatch.start();
      await client.settled();
      assert.equal(client.server, backend.servers[index]);
    };
    const backends = plans.map((plan) => thread.build(plan));
    context.after(() => {
      for (const client of clients) {
        client.end();
        client.dispatch.close();
      }
      for (const backend of backends) for (const server of backend.servers) server.pool.close();
    });
    for (const plan of plans) await stream(plan, 0);
    await stream(plans[0], 1);

    // Each look takes longer than a turn may.
    let now = 0;
    context.mock.method(performance, 'now', () => (now += 100));
    // While most are still to be looked at, another server falls, of one that has been.
    onFirst = () => {
      fall(plans[0], 1);
      wake();
    };
    for (const plan of plans) fall(plan, 0);
    wake();
    while (ended.size < 6 && !context.signal.aborted) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([...ended.keys()].toSorted(), ['a/s0', 'a/s1', 'b/s0', 'c/s0', 'd/s0', 'e/s0']);
    assert.ok(new Set(ended.values()).size >= 5, [...ended].join(' '));
  },
);
