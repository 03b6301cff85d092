// What choosing a server costs: `node packages/proxy/src/backend/bench.ts [ALGORITHM…]`. For each algorithm, 2, 100 and 1,000 servers, one
// and two threads: a pick alone; with slot taken and returned; and a whole dispatch over a pooled connection.
import { once } from 'node:events';
import net from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { SegmentOwner, type SegmentHandle, type ThreadIdentity } from '@evenkeel/shm';
import type { Connection } from '../connection.ts';
import type { Plan } from '../plan.ts';
import { algorithmNames, type AlgorithmName } from './balance/algorithms.ts';
import { testedAlgorithms } from './balance/test-algorithms.ts';
import { Dispatch, type DispatchClient } from './dispatch.ts';
import { planOf, TestThread } from './test-kit.ts';

interface Work {
  readonly handle: SegmentHandle;
  readonly identity: ThreadIdentity;
  readonly plan: Plan;
  readonly algorithm: AlgorithmName;
  readonly threads: number;
  readonly gate: SharedArrayBuffer;
}

const ROUNDS = 200_000;

function measure(rounds: number, round: () => void): number {
  for (let warm = 0; warm < rounds / 4; warm++) round();
  // CPU time of this thread: what others do on the machine does not count.
  const start = process.threadCpuUsage();
  for (let done = 0; done < rounds; done++) round();
  const { user, system } = process.threadCpuUsage(start);
  return ((user + system) * 1000) / rounds;
}

/** Threads begin each measurement together. */
function meet(gate: SharedArrayBuffer, threads: number, stage: number): void {
  const words = new Int32Array(gate);
  Atomics.add(words, stage, 1);
  while (Atomics.load(words, stage) < threads) Atomics.pause();
}

function choose({ handle, identity, plan, algorithm, threads, gate }: Work): readonly number[] {
  const thread = new TestThread(handle, identity);
  const backend = thread.build(plan);
  const { hash } = testedAlgorithms[algorithm];
  let stream = 0;
  meet(gate, threads, 0);
  const pick = measure(ROUNDS, () => {
    backend.followVersion();
    backend.picker.pick(hash(stream++), undefined);
  });
  meet(gate, threads, 1);
  const slot = measure(ROUNDS, () => {
    backend.followVersion();
    const server = backend.picker.pick(hash(stream++), undefined)!;
    backend.admission.enter(server.limit);
    backend.balancer.loadChanged?.(server);
    backend.admission.leave(server.limit);
    backend.balancer.loadChanged?.(server);
  });
  thread.stop();
  return [pick, slot];
}

class Client implements DispatchClient {
  readonly dispatch: Dispatch;
  connection: Connection | undefined;
  reused = 0;
  connected = (): void => {};
  constructor(thread: TestThread) {
    this.dispatch = new Dispatch(thread, this);
    this.dispatch.firstRequest = false;
  }
  onServerConnection(_server: unknown, connection: Connection, reused: boolean): void {
    this.connection = connection;
    if (reused) this.reused++;
    this.connected();
  }
  onDispatchFailure(failure: string): void {
    throw new Error(failure);
  }
  onServerShutdown(): void {}
}

async function wholeDispatch(algorithm: AlgorithmName): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const owner = new SegmentOwner({ maxThreads: 2 });
  owner.useThread(1);
  const plan = planOf(owner, [{ port: (server.address() as net.AddressInfo).port }], {
    mode: 'http',
    ...testedAlgorithms[algorithm].settings,
  });
  const thread = new TestThread(owner.handle(), { thread: 1, incarnation: 1 });
  const backend = thread.build(plan);
  const client = new Client(thread);
  const { dispatch } = client;
  const connected = new Promise<void>((resolve) => (client.connected = resolve));
  dispatch.assign(backend);
  dispatch.start();
  await connected;
  dispatch.giveBack();
  dispatch.finish();
  const nanoseconds = measure(ROUNDS, () => {
    dispatch.assign(backend);
    dispatch.start();
    dispatch.giveBack();
    dispatch.finish();
  });
  if (client.reused !== ROUNDS + ROUNDS / 4) throw new Error('not reused');
  backend.servers[0].pool.clear();
  dispatch.close();
  thread.stop();
  server.close();
  return nanoseconds;
}

/** What is measured: every algorithm, and those that a bound of loads makes dearer once more with it. */
const CASES: readonly { readonly title: string; readonly algorithm: AlgorithmName; readonly factor?: number }[] = [
  ...algorithmNames.map((algorithm) => ({ title: algorithm, algorithm })),
  { title: 'random, hash-balance-factor 125', algorithm: 'random', factor: 125 },
  { title: 'consistent, hash-balance-factor 125', algorithm: 'consistent', factor: 125 },
];

async function main(wanted: readonly string[]): Promise<void> {
  for (const { title, algorithm, factor } of CASES) {
    if (wanted.length > 0 && !wanted.includes(title)) continue;
    for (const servers of [2, 100, 1000]) {
      for (const threads of [1, 2]) {
        const owner = new SegmentOwner({ maxThreads: 4 });
        const plan = planOf(
          owner,
          Array.from({ length: servers }, (_, index) => ({ port: 1, weight: (index % 7) + 1 })),
          { ...testedAlgorithms[algorithm].settings, hashBalanceFactor: factor },
        );
        const gate = new SharedArrayBuffer(64);
        const results = Array.from({ length: threads }, (_, index) => {
          owner.useThread(index + 1);
          const work: Work = {
            handle: owner.handle(),
            identity: { thread: index + 1, incarnation: 1 },
            plan,
            algorithm,
            threads,
            gate,
          };
          return once(new Worker(new URL(import.meta.url), { workerData: work }), 'message');
        });
        const [[pick, slot]] = (await Promise.all(results))[0] as [[number, number]];
        console.log(
          `${title} ${servers} servers ${threads} threads: pick ${pick.toFixed(0)} ns, with slot ${slot.toFixed(0)} ns`,
        );
      }
    }
    if (factor !== undefined) continue;
    console.log(
      `${algorithm} whole dispatch over a pooled connection: ${(await wholeDispatch(algorithm)).toFixed(0)} ns`,
    );
  }
}

if (isMainThread) await main(process.argv.slice(2));
else parentPort!.postMessage(choose(workerData as Work));
