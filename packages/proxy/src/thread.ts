// Entry of a data thread: makes the thread's objects from `workerData` and acts on what the supervisor says
// (thread-protocol.ts). An exception that nobody caught ends the worker, and the supervisor reports it with its stack:
// nothing here swallows one.
import { parentPort, workerData } from 'node:worker_threads';
import { RingLogSink } from '@evenkeel/log';
import { Heartbeat, Mailbox, Segment } from '@evenkeel/shm';
import { limitCapabilities, setThreadAffinity, setThreadName, support } from '@evenkeel/sys';
import { DataThread } from './data-thread.ts';
import { GenerationKeeper } from './generation-keeper.ts';
import type { FromThread, ThreadInit, ToThread } from './thread-protocol.ts';

const init = workerData as ThreadInit;
const port = parentPort;
if (port === null) throw new Error('a data thread is started by the supervisor only');

const tell = (message: FromThread): void => port.postMessage(message);

const segment = new Segment(init.segment, { thread: init.thread, incarnation: init.incarnation });
const thread = new DataThread({
  index: init.index,
  incarnation: init.incarnation,
  segment,
  mailbox: new Mailbox(segment),
  heartbeat: new Heartbeat(segment),
  log: new RingLogSink(init.logRing, init.thread),
});
if (init.capabilities !== undefined) limitCapabilities(init.capabilities);
if (support('native').supported) setThreadName(`data-${init.index + 1}`);
if (init.cpus !== undefined) setThreadAffinity(init.cpus);

const keeper = new GenerationKeeper(thread, tell);
thread.run();
tell({ type: 'ready' });

port.on('message', (message: ToThread) => {
  thread.refresh();
  switch (message.type) {
    case 'prepare':
      segment.extend(message.segment);
      keeper.prepare(message.plan, message.descriptors);
      break;
    case 'publish':
      void keeper.publish(message.generation);
      break;
    case 'abort':
      keeper.abort(message.generation);
      break;
    case 'soft-stop':
      keeper.softStop();
      break;
    case 'kill':
      keeper.kill();
      break;
    case 'stop':
      keeper.stop();
      process.exit(0);
      break;
    case 'pause':
      keeper.pause();
      break;
    case 'resume':
      void keeper.resume();
      break;
  }
});
