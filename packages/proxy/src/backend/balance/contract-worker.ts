// One data thread of the contract suite: takes slots by the backend's algorithm, perhaps gives them back, and tells how many
// each server got.
import { parentPort, workerData } from 'node:worker_threads';
import type { SegmentHandle, ThreadIdentity } from '@evenkeel/shm';
import type { Plan } from '../../plan.ts';
import { TestThread } from '../test-kit.ts';
import type { AlgorithmName } from './algorithms.ts';
import { testedAlgorithms } from './test-algorithms.ts';

interface Work {
  readonly handle: SegmentHandle;
  readonly identity: ThreadIdentity;
  readonly plan: Plan;
  readonly algorithm: AlgorithmName;
  readonly picks: number;
  /** Slots are kept, or given back at once. */
  readonly keeps: boolean;
  /** Two Int32: threads that are ready, and the start signal. */
  readonly gate: SharedArrayBuffer;
}

const { handle, identity, plan, algorithm, picks, keeps, gate } = workerData as Work;
const thread = new TestThread(handle, identity);
const backend = thread.build(plan);
const { hash } = testedAlgorithms[algorithm];
const taken = backend.servers.map(() => 0);
const signal = new Int32Array(gate);
Atomics.add(signal, 0, 1);
Atomics.notify(signal, 0);
Atomics.wait(signal, 1, 0);
for (let pick = 0; pick < picks; pick++) {
  backend.followVersion();
  // Both threads use every other key of one sequence.
  const server = backend.picker.pick(hash(2 * pick + identity.thread - 1), undefined);
  if (server === undefined || !backend.admission.enter(server.limit)) {
    pick--;
    continue;
  }
  taken[server.index]++;
  backend.balancer.loadChanged?.(server);
  if (keeps) continue;
  backend.admission.leave(server.limit);
  backend.balancer.loadChanged?.(server);
}
parentPort!.postMessage(taken);
thread.stop();
