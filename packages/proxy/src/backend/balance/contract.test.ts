// What every balance algorithm must do (manual: `balance`, server options `weight`, `backup`, `disabled`): one suite, run for
// each that is registered. Streams are taken and kept, so that an algorithm that counts connections and one that counts
// turns are asked for the same thing: shares by weight.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { Balance } from '@evenkeel/config';
import { AdminState, OperationalState, SegmentOwner } from '@evenkeel/shm';
import type { Plan } from '../../plan.ts';
import type { Backend } from '../backend.ts';
import type { Server } from '../server.ts';
import {
  changeState,
  planOf,
  singleThread,
  type ProxyOptions,
  type ServerOptions,
  type TestThread,
} from '../test-kit.ts';
import { builtAlgorithms } from './algorithms.ts';
import { WEIGHT_SCALE } from './balancer.ts';

interface Bench {
  readonly owner: SegmentOwner;
  readonly plan: Plan;
  readonly thread: TestThread;
  readonly backend: Backend;
  /** Takes a slot and keeps it. */
  readonly take: (avoid?: Server) => Server | undefined;
  /** Takes many; how many each server got. */
  readonly takeMany: (count: number) => number[];
  readonly give: (server: Server) => void;
}

function bench(
  context: TestContext,
  balance: Balance,
  servers: readonly Partial<ServerOptions>[],
  options: ProxyOptions = {},
): Bench {
  const { owner, start } = singleThread();
  const plan = planOf(
    owner,
    servers.map((server) => ({ port: 1, ...server })),
    { balance, ...options },
  );
  const thread = start();
  context.after(() => thread.stop());
  const backend = thread.build(plan);
  const take = (avoid?: Server): Server | undefined => {
    backend.followVersion();
    const server = backend.picker.pick(0, avoid);
    if (server === undefined) return undefined;
    assert.ok(backend.admission.enter(server.limit), 'a picked server is not full');
    backend.balancer.loadChanged?.(server);
    return server;
  };
  return {
    owner,
    plan,
    thread,
    backend,
    take,
    takeMany: (count) => {
      const taken = servers.map(() => 0);
      for (let stream = 0; stream < count; stream++) taken[take()!.index]++;
      return taken;
    },
    give: (server) => {
      backend.admission.leave(server.limit);
      backend.balancer.loadChanged?.(server);
    },
  };
}

/** Shares are right within 1 % of the whole. */
function assertShares(taken: readonly number[], weights: readonly number[]): void {
  const total = taken.reduce((sum, count) => sum + count, 0);
  const weight = weights.reduce((sum, each) => sum + each, 0);
  for (const [index, count] of taken.entries()) {
    assert.ok(
      Math.abs(count / total - weights[index] / weight) <= 0.01,
      `server ${index} got ${count} of ${total}, weights ${weights.join(', ')}`,
    );
  }
}

for (const algorithm of builtAlgorithms) {
  const balance: Balance = { algorithm };
  const suite = (name: string, run: (context: TestContext) => void | Promise<void>): void =>
    void test(`${algorithm}: ${name}`, run);

  suite('weights are honoured within 1 %', (context) => {
    for (const weights of [
      [1, 1, 1],
      [1, 2, 3],
      [100, 1, 10],
      [256, 128, 64, 32],
      [7, 7, 7, 7, 7, 7, 7, 1],
      Array.from({ length: 100 }, (_, index) => (index % 5) + 1),
    ]) {
      const { takeMany } = bench(
        context,
        balance,
        weights.map((weight) => ({ weight })),
      );
      assertShares(takeMany(20_000), weights);
    }
  });

  suite('a server of weight 0 gets nothing', (context) => {
    const { takeMany } = bench(context, balance, [{ weight: 1 }, { weight: 0 }, { weight: 2 }]);
    assertShares(takeMany(3000), [1, 0, 2]);
  });

  suite('backups get nothing while an active server is up, then the first alone', (context) => {
    const { owner, plan, takeMany } = bench(context, balance, [{}, {}, { backup: true }, { backup: true }]);
    assertShares(takeMany(100), [1, 1, 0, 0]);
    changeState(owner, plan, 0, (state) => state.set('operationalState', OperationalState.stopped));
    assertShares(takeMany(100), [0, 1, 0, 0]);
    changeState(owner, plan, 1, (state) => state.set('operationalState', OperationalState.stopped));
    assertShares(takeMany(100), [0, 0, 1, 0]);
    changeState(owner, plan, 2, (state) => state.set('adminState', AdminState.forcedDrain));
    assertShares(takeMany(100), [0, 0, 0, 1]);
    changeState(owner, plan, 0, (state) => state.set('operationalState', OperationalState.running));
    assertShares(takeMany(1), [1, 0, 0, 0]);
  });

  suite('with option allbackups all backups share', (context) => {
    const { takeMany } = bench(
      context,
      balance,
      [{ weight: 0 }, { backup: true, weight: 3 }, { backup: true, weight: 1 }],
      { options: { allbackups: true } },
    );
    assertShares(takeMany(400), [0, 3, 1]);
  });

  suite('with all servers down there is none, and one that returns is found', (context) => {
    const { owner, plan, backend, take } = bench(context, balance, [{}, {}]);
    changeState(owner, plan, 0, (state) => state.set('operationalState', OperationalState.stopped));
    changeState(owner, plan, 1, (state) => state.set('adminState', AdminState.forcedMaintenance));
    assert.equal(take(), undefined);
    assert.equal(backend.picker.size, 0);
    changeState(owner, plan, 1, (state) => state.set('adminState', 0));
    assert.deepEqual([take()!.index, take()!.index], [1, 1]);
  });

  suite('a server that returns takes its share again', (context) => {
    const { owner, plan, backend, takeMany, give } = bench(context, balance, [{}, {}, {}]);
    changeState(owner, plan, 2, (state) => state.set('operationalState', OperationalState.stopped));
    const taken = takeMany(200);
    assertShares(taken, [1, 1, 0]);
    for (const server of backend.servers) for (let stream = taken[server.index]; stream > 0; stream--) give(server);
    changeState(owner, plan, 2, (state) => state.set('operationalState', OperationalState.running));
    assertShares(takeMany(300), [1, 1, 1]);
  });

  suite('a weight changed at run time applies to the next stream', (context) => {
    const { owner, plan, backend, takeMany, give } = bench(context, balance, [{ weight: 10 }, { weight: 10 }]);
    const before = takeMany(1000);
    assertShares(before, [1, 1]);
    for (const server of backend.servers) for (let stream = before[server.index]; stream > 0; stream--) give(server);
    changeState(owner, plan, 0, (state) => state.set('effectiveWeight', 40 * WEIGHT_SCALE));
    assertShares(takeMany(1000), [4, 1]);
  });

  suite('full servers are passed over, all full is none, and a slot that is returned is found', (context) => {
    const { backend, take, give } = bench(context, balance, [{ maxconn: 1 }, { maxconn: 2 }, { maxconn: 1 }]);
    const taken = [take()!, take()!, take()!, take()!];
    assert.deepEqual(
      taken.map((server) => server.index).sort((a, b) => a - b),
      [0, 1, 1, 2],
    );
    assert.equal(take(), undefined);
    give(backend.servers[2]);
    assert.equal(take(), backend.servers[2]);
  });

  suite('the server to avoid is taken only when there is no other', (context) => {
    const { owner, plan, backend, take } = bench(context, balance, [{}, {}, {}]);
    for (let stream = 0; stream < 30; stream++) assert.notEqual(take(backend.servers[1]), backend.servers[1]);
    for (const index of [0, 2])
      changeState(owner, plan, index, (state) => state.set('operationalState', OperationalState.stopped));
    assert.equal(take(backend.servers[1]), backend.servers[1]);
  });

  suite('idle servers of one weight take turns', (context) => {
    const { take, give } = bench(context, balance, [{}, {}, {}]);
    const turns = Array.from({ length: 9 }, () => {
      const server = take()!;
      give(server);
      return server.index;
    });
    assert.deepEqual(turns, [0, 1, 2, 0, 1, 2, 0, 1, 2]);
  });

  suite('two threads share by weight together', async (context) => {
    const weights = [1, 2, 3, 4];
    const owner = new SegmentOwner({ maxThreads: 4, ticketsPerThread: 16 });
    const plan = planOf(
      owner,
      weights.map((weight) => ({ port: 1, weight })),
      { balance },
    );
    assertShares(await runThreads(context, owner, plan, true, 20_000), weights);
  });
}

test('roundrobin: two threads play one sequence, to the turn', async (context) => {
  const weights = [5, 3, 2];
  const owner = new SegmentOwner({ maxThreads: 4, ticketsPerThread: 16 });
  const plan = planOf(
    owner,
    weights.map((weight) => ({ port: 1, weight })),
  );
  assert.deepEqual(await runThreads(context, owner, plan, false, 10_000), [10_000, 6000, 4000]);
});

async function runThreads(
  context: TestContext,
  owner: SegmentOwner,
  plan: Plan,
  keeps: boolean,
  picks: number,
): Promise<number[]> {
  const gate = new SharedArrayBuffer(8);
  const signal = new Int32Array(gate);
  const workers = [1, 2].map((thread) => {
    owner.useThread(thread);
    return new Worker(new URL('contract-worker.ts', import.meta.url), {
      workerData: { handle: owner.handle(), identity: { thread, incarnation: 1 }, plan, picks, keeps, gate },
    });
  });
  context.after(async () => {
    for (const worker of workers) await worker.terminate();
  });
  const results = workers.map(
    (worker) =>
      new Promise<number[]>((resolve, reject) => {
        worker.once('message', resolve).once('error', reject);
      }),
  );
  while (Atomics.load(signal, 0) < workers.length) {
    const wait = Atomics.waitAsync(signal, 0, Atomics.load(signal, 0), 10_000);
    if (wait.async) await wait.value;
  }
  Atomics.store(signal, 1, 1);
  Atomics.notify(signal, 1);
  const [one, two] = (await Promise.all(results)) as [number[], number[]];
  return one.map((count, index) => count + two[index]);
}
