// Operations on shared state per second, with one and with two threads on the same objects. `run()` is for scripts/bench;
// run as a program it prints a table.
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Admission, OperationalState, SegmentOwner, ServerState } from '../src/index.ts';
import { operations } from './operations.ts';

export interface Result {
  readonly operation: string;
  readonly threads: number;
  /** Of all threads together. */
  readonly operationsPerSecond: number;
  /** CPU time that one operation costs one thread: unlike the rate it hardly depends on what else the machine does. */
  readonly cpuNanoseconds: number;
}

export interface RunOptions {
  /** For each operation and number of threads; default 300. */
  readonly durationMs?: number;
  /** Default one and two. */
  readonly threads?: readonly number[];
}

/** Measures every operation of operations.ts, one after the other. */
export async function run({ durationMs = 300, threads = [1, 2] }: RunOptions = {}): Promise<Result[]> {
  const results: Result[] = [];
  for (const operation of Object.keys(operations))
    for (const count of threads) results.push(await measure(operation, count, durationMs));
  return results;
}

async function measure(operation: string, threads: number, durationMs: number): Promise<Result> {
  const owner = new SegmentOwner({ maxThreads: threads + 1 });
  for (const kind of ['process', 'frontend'] as const) owner.allocate(kind, 'x');
  const backend = owner.allocate('backend', 'b');
  owner.allocate('backend', 'queued');
  const server = owner.allocate('server', 'b/s');
  Admission.assign(owner.segment, server, backend);
  const state = new ServerState(owner.segment, server);
  state.set('operationalState', OperationalState.running);
  state.set('effectiveWeight', 1);
  for (let thread = 1; thread <= threads; thread++) owner.useThread(thread);
  const marks = new Int32Array(new SharedArrayBuffer(8));
  const workers = Array.from(
    { length: threads },
    (_, i) =>
      new Worker(new URL('./worker.ts', import.meta.url), {
        workerData: { handle: owner.handle(), thread: i + 1, name: operation, marks, durationMs },
      }),
  );
  const answers = workers.map(
    (worker) =>
      new Promise<{ perMs: number; cpuNanoseconds: number }>((resolve, reject) =>
        worker.on('message', resolve).on('error', reject),
      ),
  );
  while (Atomics.load(marks, 0) < threads) await Atomics.waitAsync(marks, 0, Atomics.load(marks, 0), 100).value;
  Atomics.store(marks, 1, 1);
  Atomics.notify(marks, 1);
  const measured = await Promise.all(answers);
  await Promise.all(workers.map((worker) => worker.terminate()));
  const mean = (figures: readonly number[]): number =>
    figures.reduce((sum, figure) => sum + figure, 0) / figures.length;
  return {
    operation,
    threads,
    operationsPerSecond: mean(measured.map(({ perMs }) => perMs)) * threads * 1000,
    cpuNanoseconds: mean(measured.map(({ cpuNanoseconds }) => cpuNanoseconds)),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const { operation, threads, operationsPerSecond, cpuNanoseconds } of await run()) {
    console.log(
      `${operation.padEnd(50)} ${threads} thread${threads === 1 ? ' ' : 's'} ${(operationsPerSecond / 1e6).toFixed(2).padStart(8)} M/s ${cpuNanoseconds.toFixed(0).padStart(6)} ns CPU`,
    );
  }
}
