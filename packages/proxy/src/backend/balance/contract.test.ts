// What every balance algorithm must do (manual: `balance`, server options `weight`, `backup`, `disabled`): one suite, run for
// each that is registered. Streams are taken and kept, so that an algorithm that counts connections and one that counts
// turns are asked for the same thing: shares by weight. Where the manual has an algorithm differ, `test-algorithms.ts` says so.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
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
import { algorithmNames, algorithmOf, type BalanceSettings } from './algorithms.ts';
import { NO_KEY, WEIGHT_SCALE } from './balancer.ts';
import { testedAlgorithms, type TestedAlgorithm } from './test-algorithms.ts';

const MAX_WEIGHT = 256;

interface Bench {
  /** What weights were multiplied by. */
  readonly unit: number;
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

/** By what all weights can be multiplied. */
function unitOf(weights: readonly number[]): number {
  return Math.max(1, Math.floor(MAX_WEIGHT / Math.max(...weights)));
}

function bench(
  context: TestContext,
  { settings, hash, needsLargeWeights }: TestedAlgorithm,
  servers: readonly Partial<ServerOptions>[],
  options: ProxyOptions = {},
): Bench {
  const { owner, start } = singleThread();
  const unit = needsLargeWeights ? unitOf(servers.map(({ weight = 1 }) => weight)) : 1;
  const plan = planOf(
    owner,
    servers.map((server) => ({ port: 1, ...server, weight: (server.weight ?? 1) * unit })),
    { ...settings, ...options },
  );
  const thread = start();
  context.after(() => thread.stop());
  const backend = thread.build(plan);
  let streams = 0;
  const take = (avoid?: Server): Server | undefined => {
    backend.followVersion();
    const server = backend.picker.pick(hash(streams++), avoid);
    if (server === undefined) return undefined;
    assert.ok(backend.admission.enter(server.limit), 'a picked server is not full');
    backend.balancer.loadChanged?.(server);
    return server;
  };
  return {
    unit,
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

for (const name of algorithmNames) {
  const algorithm = testedAlgorithms[name];
  const { isDynamic, namesServer, takesTurns, avoids, tolerance } = algorithm;
  const suite = (rule: string, run: (context: TestContext) => void | Promise<void>): void =>
    void test(`${name}: ${rule}`, run);

  /** Shares are right within the tolerance, which is a part of the whole. */
  const assertShares = (taken: readonly number[], weights: readonly number[]): void => {
    const shares = algorithm.shares?.(weights) ?? weights;
    const total = taken.reduce((sum, count) => sum + count, 0);
    const weight = shares.reduce((sum, each) => sum + each, 0);
    for (const [index, count] of taken.entries()) {
      assert.ok(
        Math.abs(count / total - shares[index] / weight) <= tolerance,
        `server ${index} got ${count} of ${total}, shares ${shares.join(', ')}`,
      );
    }
  };

  suite('weights are honoured', (context) => {
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
        algorithm,
        weights.map((weight) => ({ weight })),
      );
      assertShares(takeMany(20_000), weights);
    }
  });

  suite('a server of weight 0 gets nothing', (context) => {
    const { takeMany } = bench(context, algorithm, [{ weight: 1 }, { weight: 0 }, { weight: 2 }]);
    assertShares(takeMany(3000), [1, 0, 2]);
  });

  suite('backups get nothing while an active server is up, then the first alone', (context) => {
    const { owner, plan, takeMany } = bench(context, algorithm, [{}, {}, { backup: true }, { backup: true }]);
    assertShares(takeMany(2000), [1, 1, 0, 0]);
    changeState(owner, plan, 0, (state) => state.set('operationalState', OperationalState.stopped));
    assertShares(takeMany(2000), [0, 1, 0, 0]);
    changeState(owner, plan, 1, (state) => state.set('operationalState', OperationalState.stopped));
    assertShares(takeMany(2000), [0, 0, 1, 0]);
    changeState(owner, plan, 2, (state) => state.set('adminState', AdminState.forcedDrain));
    assertShares(takeMany(2000), [0, 0, 0, 1]);
    changeState(owner, plan, 0, (state) => state.set('operationalState', OperationalState.running));
    assertShares(takeMany(1), [1, 0, 0, 0]);
  });

  suite('with option allbackups all backups share', (context) => {
    const { takeMany } = bench(
      context,
      algorithm,
      [{ weight: 0 }, { backup: true, weight: 3 }, { backup: true, weight: 1 }],
      { options: { allbackups: true } },
    );
    assertShares(takeMany(2000), [0, 3, 1]);
  });

  suite('with all servers down there is none, and one that returns is found', (context) => {
    const { owner, plan, backend, take } = bench(context, algorithm, [{}, {}]);
    changeState(owner, plan, 0, (state) => state.set('operationalState', OperationalState.stopped));
    changeState(owner, plan, 1, (state) => state.set('adminState', AdminState.forcedMaintenance));
    assert.equal(take(), undefined);
    assert.equal(backend.picker.size, 0);
    changeState(owner, plan, 1, (state) => state.set('adminState', 0));
    assert.deepEqual([take()!.index, take()!.index], [1, 1]);
  });

  suite('a server that returns takes its share again', (context) => {
    const { owner, plan, backend, takeMany, give } = bench(context, algorithm, [{}, {}, {}]);
    changeState(owner, plan, 2, (state) => state.set('operationalState', OperationalState.stopped));
    const taken = takeMany(2000);
    assertShares(taken, [1, 1, 0]);
    for (const server of backend.servers) for (let stream = taken[server.index]; stream > 0; stream--) give(server);
    changeState(owner, plan, 2, (state) => state.set('operationalState', OperationalState.running));
    assertShares(takeMany(2100), [1, 1, 1]);
  });

  suite('a weight changed at run time applies to the next stream, where the algorithm is dynamic', (context) => {
    const servers = [{ weight: 1 }, { weight: 1 }, { weight: 4 }];
    const { unit, owner, plan, backend, takeMany, give } = bench(context, algorithm, servers);
    const before = takeMany(2400);
    assertShares(before, [1, 1, 4]);
    for (const server of backend.servers) for (let stream = before[server.index]; stream > 0; stream--) give(server);
    changeState(owner, plan, 0, (state) => state.set('effectiveWeight', 4 * unit * WEIGHT_SCALE));
    assertShares(takeMany(3600), isDynamic ? [4, 1, 4] : [1, 1, 4]);
  });

  suite('weight 0 at run time takes a server out, and its weight brings it back', (context) => {
    const { unit, owner, plan, backend, takeMany, give } = bench(context, algorithm, [{ weight: 3 }, { weight: 1 }]);
    changeState(owner, plan, 0, (state) => state.set('effectiveWeight', 0));
    const before = takeMany(2000);
    assertShares(before, [0, 1]);
    for (let stream = before[1]; stream > 0; stream--) give(backend.servers[1]);
    changeState(owner, plan, 0, (state) => state.set('effectiveWeight', 3 * unit * WEIGHT_SCALE));
    assertShares(takeMany(2000), [3, 1]);
  });

  if (namesServer) {
    suite('a hash names its server, full or not', (context) => {
      const { backend } = bench(context, algorithm, [{ maxconn: 1 }, { maxconn: 1 }, { maxconn: 1 }]);
      backend.followVersion();
      const { picker } = backend;
      const named = Array.from({ length: 100 }, (_, stream) => picker.pick(algorithm.hash(stream), undefined)!);
      assert.equal(new Set(named).size, 3);
      for (const server of backend.servers) assert.ok(backend.admission.enter(server.limit));
      const again = Array.from({ length: 100 }, (_, stream) => picker.pick(algorithm.hash(stream), undefined)!);
      assert.deepEqual(
        again.map(({ index }) => index),
        named.map(({ index }) => index),
      );
      assert.equal(picker.serverQueues, 'always');
      assert.equal(picker.pick(NO_KEY, undefined), undefined);
    });
  }

  // Without a key those that hash take turns, and then the same holds for them.
  suite('full servers are passed over, all full is none, and a slot that is returned is found', (context) => {
    const keyless = { ...algorithm, hash: () => NO_KEY };
    const { backend, take, give } = bench(context, keyless, [{ maxconn: 1 }, { maxconn: 2 }, { maxconn: 1 }]);
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
    const { owner, plan, backend, take } = bench(context, algorithm, [{}, {}, {}]);
    if (avoids)
      for (let stream = 0; stream < 30; stream++) assert.notEqual(take(backend.servers[1]), backend.servers[1]);
    for (const index of [0, 2])
      changeState(owner, plan, index, (state) => state.set('operationalState', OperationalState.stopped));
    assert.equal(take(backend.servers[1]), backend.servers[1]);
  });

  if (takesTurns) {
    suite('idle servers of one weight take turns', (context) => {
      const { take, give } = bench(context, { ...algorithm, hash: () => NO_KEY }, [{}, {}, {}]);
      const turns = Array.from({ length: 9 }, () => {
        const server = take()!;
        give(server);
        return server.index;
      });
      assert.deepEqual(turns, [0, 1, 2, 0, 1, 2, 0, 1, 2]);
    });
  }

  suite('two threads share by weight together', async (context) => {
    const weights = [1, 2, 3];
    const owner = new SegmentOwner({ maxThreads: 4, ticketsPerThread: 16 });
    const plan = planOf(
      owner,
      weights.map((weight) => ({ port: 1, weight: weight * (algorithm.needsLargeWeights ? unitOf(weights) : 1) })),
      algorithm.settings,
    );
    assertShares(await runThreads(context, owner, plan, algorithm.settings, true, 12_000), weights);
  });
}

for (const name of ['roundrobin', 'static-rr', 'map-based'] as const) {
  test(`${name}: two threads play one sequence, to the turn`, async (context) => {
    const weights = [5, 3, 2];
    const owner = new SegmentOwner({ maxThreads: 4, ticketsPerThread: 16 });
    const { settings } = testedAlgorithms[name];
    const plan = planOf(
      owner,
      weights.map((weight) => ({ port: 1, weight })),
      settings,
    );
    assert.deepEqual(await runThreads(context, owner, plan, settings, false, 10_000), [10_000, 6000, 4000]);
  });
}

async function runThreads(
  context: TestContext,
  owner: SegmentOwner,
  plan: Plan,
  settings: BalanceSettings,
  keeps: boolean,
  picks: number,
): Promise<number[]> {
  const gate = new SharedArrayBuffer(8);
  const signal = new Int32Array(gate);
  const workers = [1, 2].map((thread) => {
    owner.useThread(thread);
    return new Worker(new URL('contract-worker.ts', import.meta.url), {
      workerData: {
        handle: owner.handle(),
        identity: { thread, incarnation: 1 },
        plan,
        algorithm: algorithmOf(settings),
        picks,
        keeps,
        gate,
      },
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
