// One data thread of `threads.test.ts`: clients that come, wait, are served, abort at random, and check at each moment of
// being served that no server has more streams than its maxconn.
import { parentPort, workerData } from 'node:worker_threads';
import type { SegmentHandle, ThreadIdentity } from '@evenkeel/shm';
import type { Connection } from '../connection.ts';
import type { Plan } from '../plan.ts';
import type { Backend } from './backend.ts';
import { NO_KEY } from './balance/balancer.ts';
import { Dispatch, type DispatchClient, type DispatchFailure } from './dispatch.ts';
import type { Server } from './server.ts';
import { TestThread } from './test-kit.ts';

export interface ThreadWork {
  readonly handle: SegmentHandle;
  readonly identity: ThreadIdentity;
  readonly plan: Plan;
  readonly seed: number;
  readonly clients: number;
  /** Streams served now: for each thread number, one Int32 for each server. */
  readonly active: SharedArrayBuffer;
  /** Int32 0: 0 run, 1 start nothing new and report when all is done. Then, by thread number, streams served so far. */
  readonly stop: SharedArrayBuffer;
}

export interface ThreadReport {
  readonly served: number;
  readonly aborted: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
  /** Dispatches that still wait, seconds after the last one was started. */
  readonly forgotten: number;
}

const { handle, identity, plan, seed, clients: clientCount, active, stop } = workerData as ThreadWork;
const thread = new TestThread(handle, identity);
const backend = thread.build(plan);
const activeWords = new Int32Array(active);
const stopWord = new Int32Array(stop);
const { servers } = backend;
let state = seed;
let served = 0;
let aborted = 0;
const failed: Record<string, number> = {};
const violations: string[] = [];

function random(below: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
  return (state >>> 8) % below;
}

function threadWord(thread: number, server: Server): number {
  return thread * servers.length + server.index;
}

class Client implements DispatchClient {
  readonly dispatch = new Dispatch(thread, this);
  #server: Server | undefined;
  #connection: Connection | undefined;

  step(mayStart: boolean, from: Backend): void {
    const { dispatch } = this;
    if (dispatch.backend === undefined) {
      if (!mayStart) return;
      thread.refresh();
      dispatch.assign(from);
      // Some are bound to one server, and wait in its own queue.
      if (random(3) === 0) dispatch.persistentServer = servers[random(servers.length)];
      // Where the algorithm hashes, some wait for the server that the hash names.
      // Whoever came first of the lowest class is served first; none of that may let anybody wait for ever.
      dispatch.priorityClass = random(4) === 0 ? random(5) - 2 : 0;
      dispatch.offsetMs = random(4) === 0 ? random(20) - 10 : 0;
      dispatch.balanceHash = random(3) === 0 ? random(1000) : NO_KEY;
      dispatch.start();
    } else if (dispatch.pending) {
      // A client that goes away while it waits or connects.
      if (random(4) === 0) {
        aborted++;
        dispatch.finish();
      }
    } else if (this.#server !== undefined && mayStart && random(6) === 0) this.retry();
    else if (this.#server !== undefined && (!mayStart || random(2) === 0)) this.end();
  }

  onServerConnection(server: Server, connection: Connection): void {
    this.#server = server;
    this.#connection = connection;
    served++;
    Atomics.add(stopWord, identity.thread, 1);
    Atomics.add(activeWords, threadWord(identity.thread, server), 1);
    let sum = 0;
    for (let each = 1; each < handle.maxThreads; each++) sum += Atomics.load(activeWords, threadWord(each, server));
    if (sum > server.config.maxconn!) violations.push(`${server.name} serves ${sum}`);
  }

  onDispatchFailure(failure: DispatchFailure): void {
    failed[failure] = (failed[failure] ?? 0) + 1;
    this.dispatch.finish();
  }

  onServerShutdown(): void {
    this.end();
  }

  /** What `retry-on` does to a request that its server failed. */
  retry(): void {
    if (!this.dispatch.mayRetry) return this.end();
    this.#leaveServer();
    this.#connection?.destroy();
    this.#connection = undefined;
    this.dispatch.retry();
  }

  #leaveServer(): void {
    const server = this.#server;
    if (server !== undefined) Atomics.sub(activeWords, threadWord(identity.thread, server), 1);
    this.#server = undefined;
  }

  end(): void {
    this.#leaveServer();
    if (random(2) === 0) this.dispatch.giveBack();
    else {
      this.dispatch.discard();
      this.#connection?.destroy();
    }
    this.#connection = undefined;
    this.dispatch.finish();
  }
}

const clients = Array.from({ length: clientCount }, () => new Client());
const SETTLE_MS = 5000;

while (Atomics.load(stopWord, 0) === 0) {
  clients[random(clients.length)].step(true, backend);
  if (random(3) === 0) await new Promise((resolve) => setImmediate(resolve));
}
const limit = Date.now() + SETTLE_MS;
while (clients.some(({ dispatch }) => dispatch.backend !== undefined) && Date.now() < limit) {
  // Nobody who waits gives up any more: all of them must be served, as those before them end.
  for (const client of clients) if (!client.dispatch.pending) client.step(false, backend);
  await new Promise((resolve) => setImmediate(resolve));
}
const forgotten = clients.filter(({ dispatch }) => dispatch.pending).length;
for (const client of clients) client.dispatch.close();
for (const server of servers) server.pool.close();
thread.stop();
const report: ThreadReport = { served, aborted, failed, violations, forgotten };
parentPort!.postMessage(report);
