// For counts.test.ts: enters and leaves under a limit as fast as it can, until it is ended. Words of the test's own buffer:
// 0 stop, 1 violations, 2 the thread that is inside (for limit 1), 8 + thread: rounds done.
import { workerData } from 'node:worker_threads';
import { SharedCount } from '../src/counts.ts';
import type { ThreadIdentity } from '../src/identity.ts';
import { FrontendGauge, ProcessGauge } from '../src/layout.ts';
import { Segment, type SegmentHandle } from '../src/segment.ts';

const { handle, identity, marks } = workerData as {
  handle: SegmentHandle;
  identity: ThreadIdentity;
  marks: Int32Array;
};
const segment = new Segment(handle, identity);
const single = new SharedCount(segment, 'frontend', 0, FrontendGauge.sessions);
const many = new SharedCount(segment, 'process', 0, ProcessGauge.connections);

while (Atomics.load(marks, 0) === 0) {
  many.increment();
  if (single.tryIncrement(1)) {
    if (Atomics.compareExchange(marks, 2, 0, identity.thread) !== 0) Atomics.add(marks, 1, 1);
    if (single.sum() < 1) Atomics.add(marks, 1, 1);
    Atomics.store(marks, 2, 0);
    single.decrement();
  }
  many.decrement();
  Atomics.add(marks, 8 + identity.thread, 1);
}
