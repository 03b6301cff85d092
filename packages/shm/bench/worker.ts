// One thread of the benchmark: warms an operation up, waits for the common start, and counts rounds and
// CPU time until the time is over.
// Words of `marks`: 0 threads ready, 1 go.
import { parentPort, workerData } from 'node:worker_threads';
import { Segment, type SegmentHandle } from '../src/index.ts';
import { operations } from './operations.ts';

const { handle, thread, name, marks, durationMs } = workerData as {
  handle: SegmentHandle;
  thread: number;
  name: string;
  marks: Int32Array;
  durationMs: number;
};
const segment = new Segment(handle, { thread, incarnation: 1 });
const monotonicMs = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;
const operation = operations[name];
if (operation === undefined) throw new Error(`no operation '${name}'`);
const round = operation({ segment, now: monotonicMs() });
for (let i = 0; i < 50_000; i++) round();
Atomics.add(marks, 0, 1);
Atomics.notify(marks, 0);
Atomics.wait(marks, 1, 0);
const cpuBefore = process.threadCpuUsage();
const start = performance.now();
let rounds = 0;
do {
  for (let i = 0; i < 1000; i++) round();
  rounds += 1000;
} while (performance.now() - start < durationMs);
const elapsedMs = performance.now() - start;
const cpu = process.threadCpuUsage(cpuBefore);
parentPort!.postMessage({ perMs: rounds / elapsedMs, cpuNanoseconds: ((cpu.user + cpu.system) * 1000) / rounds });
