// A data thread: loads everything, makes the thread's objects once it is told who it is, and acts on what the
// supervisor says (thread-protocol.ts). An exception that nobody caught ends the worker, and the supervisor reports it with
// its stack: nothing here swallows one.
import { parentPort } from 'node:worker_threads';
import { RingLogSink } from '@evenkeel/log';
import { Heartbeat, Mailbox, Segment } from '@evenkeel/shm';
import { keepCapabilities, limitCapabilities, setThreadName, support } from '@evenkeel/sys';
import type { CpuMap } from '@evenkeel/config';
import { CpuPin } from './cpu-pin.ts';
import { DataThread } from './data-thread.ts';
import { GenerationKeeper } from './generation-keeper.ts';
import type { FromThread, ThreadInit, ToThread } from './thread-protocol.ts';

const port = parentPort;
if (port === null) throw new Error('a data thread is started by the supervisor only');

const tell = (message: FromThread): void => port.postMessage(message);

const isNative = support('native').supported;
if (isNative) keepCapabilities();

function begin(init: ThreadInit): (message: ToThread) => void {
  if (init.capabilities !== undefined) limitCapabilities(init.capabilities);
  if (isNative) setThreadName(`data-${init.index + 1}`);
  const pin = isNative
    ? new CpuPin(init.index + 1, (text) => tell({ type: 'notice', level: 'warning', text }))
    : undefined;
  let preparedCpuMap: readonly CpuMap[] = [];
  const segment = new Segment(init.segment, { thread: init.thread, incarnation: init.incarnation });
  const thread = new DataThread({
    index: init.index,
    incarnation: init.incarnation,
    segment,
    mailbox: new Mailbox(segment),
    heartbeat: new Heartbeat(segment),
    log: new RingLogSink(init.logRing, init.thread),
  });
  const keeper = new GenerationKeeper(thread, tell);
  thread.run();
  tell({ type: 'ready' });
  return (message) => {
    thread.refresh();
    switch (message.type) {
      case 'begin':
        break;
      case 'prepare':
        segment.extend(message.segment);
        preparedCpuMap = message.plan.config.global.cpuMap;
        void keeper.prepareInSteps(message.plan, message.descriptors);
        break;
      case 'publish':
        pin?.follow(preparedCpuMap);
        void keeper.publish(message.generation);
        break;
      case 'abort':
        keeper.abort(message.generation);
        break;
      case 'soft-stop':
        keeper.softStop();
        break;
      case 'leave':
        keeper.leave();
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
      case 'ask':
        void keeper.answer(message.question).then((answer) => tell({ type: 'answer', number: message.number, answer }));
        break;
    }
  };
}

let act: ((message: ToThread) => void) | undefined;
port.on('message', (message: ToThread) => {
  if (act !== undefined) act(message);
  else if (message.type === 'begin') act = begin(message.init);
  else process.exit(0);
});
tell({ type: 'loaded' });
