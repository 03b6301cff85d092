// A thread that logs without a pause, for tests of the log thread under load.
import { parentPort, workerData } from 'node:worker_threads';
import type { ByteRingHandle } from '@evenkeel/shm';
import { RingLogSink } from '../src/ring-log-sink.ts';

const { ring, producer, set } = workerData as {
  readonly ring: ByteRingHandle;
  readonly producer: number;
  readonly set: number;
};
const sink = new RingLogSink(ring, producer);
let isSaid = false;
for (let index = 0; ; index++) {
  sink.emit(set, 6, `line ${index}`);
  if (index < 10_000 || isSaid) continue;
  parentPort?.postMessage('writing');
  isSaid = true;
}
