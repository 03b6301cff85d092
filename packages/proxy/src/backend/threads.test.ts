// `maxconn` and queues over two real threads: never exceeded, nobody forgotten, whatever clients abort and whichever thread
// dies.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import {
  BackendGauge,
  recoverThread,
  SegmentOwner,
  ServerGauge,
  SharedCount,
  type ThreadIdentity,
} from '@evenkeel/shm';
import type { Plan } from '../plan.ts';
import { algorithmNames, type AlgorithmName } from './balance/algorithms.ts';
import { testedAlgorithms } from './balance/test-algorithms.ts';
import { recoverBackends } from './prepare.ts';
import { planOf, type ProxyOptions } from './test-kit.ts';
import { listen } from './test-setup.ts';
import type { ThreadReport, ThreadWork } from './threads-worker.ts';

const MAX_THREADS = 4;

interface Bench {
  readonly owner: SegmentOwner;
  readonly plan: Plan;
  readonly start: (
    identity: ThreadIdentity,
    seed: number,
  ) => { readonly worker: Worker; readonly report: Promise<ThreadReport> };
  /** Tells all to start nothing new. */
  readonly stop: () => void;
  /** Resolves when so many more streams were served on each of these threads. */
  readonly served: (count: number, ...threads: number[]) => Promise<void>;
  /** Sessions that shared memory still counts, and streams that still wait. */
  readonly left: () => number;
  readonly forgetActive: (thread: number) => void;
}

async function bench(context: TestContext, algorithm: AlgorithmName, options: ProxyOptions): Promise<Bench> {
  const { port } = await listen(context);
  const owner = new SegmentOwner({ maxThreads: MAX_THREADS, ticketsPerThread: 64 });
  const plan = planOf(
    owner,
    [
      { port, maxconn: 1 },
      { port, maxconn: 2 },
      { port, minconn: 1, maxconn: 3, maxqueue: 4 },
    ],
    { ...testedAlgorithms[algorithm].settings, fullconn: 20, ...options },
  );
  const servers = plan.proxies[0].serverSlots;
  const active = new SharedArrayBuffer(4 * MAX_THREADS * servers.length);
  const stop = new SharedArrayBuffer(4 * MAX_THREADS);
  const workers: Worker[] = [];
  context.after(async () => {
    for (const worker of workers) await worker.terminate();
  });
  return {
    owner,
    plan,
    start: (identity, seed) => {
      owner.useThread(identity.thread);
      const workerData: ThreadWork = { handle: owner.handle(), identity, plan, seed, clients: 24, active, stop };
      const worker = new Worker(new URL('threads-worker.ts', import.meta.url), { workerData });
      workers.push(worker);
      const report = new Promise<ThreadReport>((resolve, reject) => {
        worker.once('message', resolve).once('error', reject);
      });
      // One that is killed never reports, and nobody waits for it.
      report.catch(() => {});
      return { worker, report };
    },
    stop: () => Atomics.store(new Int32Array(stop), 0, 1),
    served: async (count, ...threads) => {
      const words = new Int32Array(stop);
      const wanted = threads.map((thread) => Atomics.load(words, thread) + count);
      const limit = Date.now() + 30_000;
      while (threads.some((thread, at) => Atomics.load(words, thread) < wanted[at])) {
        assert.ok(Date.now() < limit, `too few streams are served: ${words.join(' ')}`);
        await pause(5);
      }
    },
    left: () => {
      let sum = new SharedCount(owner.segment, 'backend', plan.proxies[0].backendSlot, BackendGauge.sessions).sum();
      for (const slot of servers) {
        for (const gauge of [ServerGauge.sessions, ServerGauge.idleConnections, ServerGauge.usedConnections])
          sum += new SharedCount(owner.segment, 'server', slot, gauge).sum();
      }
      return sum;
    },
    forgetActive: (thread) => new Int32Array(active).fill(0, thread * servers.length, (thread + 1) * servers.length),
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function assertSound({ violations, forgotten, failed }: ThreadReport): void {
  assert.deepEqual(violations, []);
  assert.equal(forgotten, 0, 'nobody waits for ever');
  // A queue that is full refuses; nothing else may go wrong.
  assert.deepEqual(
    Object.keys(failed).filter((failure) => failure !== 'queue-full' && failure !== 'queue-timeout'),
    [],
  );
}

for (const algorithm of algorithmNames) {
  for (const { name, options } of [
    { name: 'mode tcp', options: { timeouts: { connect: 5000, queue: 60_000 } } },
    {
      name: 'mode http with pools',
      options: { mode: 'http', httpReuse: 'always', redispatch: 1, timeouts: { connect: 5000, queue: 60_000 } },
    },
    { name: 'a short timeout queue', options: { timeouts: { connect: 5000, queue: 20 } } },
  ] as const) {
    test(`${algorithm}, ${name}: maxconn holds over two threads with random aborts, and every waiter is served`, async (context) => {
      const { start, stop, served, left } = await bench(context, algorithm, options);
      const seed = (Date.now() & 0xffff) + 1;
      context.diagnostic(`seed ${seed}`);
      const threads = [start({ thread: 1, incarnation: 1 }, seed), start({ thread: 2, incarnation: 1 }, seed * 31)];
      await served(400, 1, 2);
      stop();
      for (const report of await Promise.all(threads.map((thread) => thread.report))) assertSound(report);
      assert.equal(left(), 0);
    });
  }

  test(`${algorithm}: a thread that is killed gives back what it held, and its successor and the other go on`, async (context) => {
    const { owner, plan, start, stop, served, left, forgetActive } = await bench(context, algorithm, {
      timeouts: { connect: 5000, queue: 60_000 },
    });
    const seed = (Date.now() & 0xffff) + 1;
    context.diagnostic(`seed ${seed}`);
    const survivor = start({ thread: 1, incarnation: 1 }, seed);
    let successor: Promise<ThreadReport> | undefined;
    for (let incarnation = 1; incarnation <= 4; incarnation++) {
      const victim = start({ thread: 2, incarnation }, seed * incarnation);
      await served(30 + ((seed * incarnation) % 40), 2);
      if (incarnation === 4) {
        successor = victim.report;
        await served(200, 1, 2);
        break;
      }
      await victim.worker.terminate();
      const dead = { thread: 2, incarnation };
      forgetActive(2);
      recoverBackends(owner, plan, dead);
      while (!recoverThread(owner.segment, dead, 20)) await pause(5);
    }
    stop();
    const reports = await Promise.all([survivor.report, successor!]);
    assertSound(reports[0]);
    assert.deepEqual(reports[1].violations, []);
    assert.equal(reports[1].forgotten, 0);
    assert.equal(left(), 0);
  });
}
