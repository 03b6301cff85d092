/**
 * Entry of the log thread: drains the ring that every other thread writes messages to, and owns every log destination. No
 * other thread ever waits for one.
 */

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { ByteRingReader } from '@evenkeel/shm';
import type { ByteRingHandle, RingRecord } from '@evenkeel/shm';
import { openDestination } from './destination.ts';
import { LogRouter } from './log-router.ts';
import type { LogSet } from './log-set.ts';
import { levelOfTag, setOfTag } from './record.ts';

export interface LogThreadData {
  readonly ring: ByteRingHandle;
  readonly sets: readonly (LogSet | undefined)[];
  readonly pid: number;
}

export type ToLogThread =
  | { readonly type: 'sets'; readonly sets: readonly (LogSet | undefined)[] }
  /** Answered by `flushed` when everything written before it has left. */
  | { readonly type: 'flush'; readonly ticket: number };

export type FromLogThread =
  | { readonly type: 'ready' }
  | { readonly type: 'flushed'; readonly ticket: number }
  /** Lines were dropped: by the ring (`destination` undefined) or by a destination. `dropped` counts from the start. */
  | {
      readonly type: 'dropped';
      readonly destination: string | undefined;
      readonly dropped: number;
      readonly reason: string;
    };

/** Messages taken in one go: few enough that flush requests and socket events are heard within a millisecond or two. */
const DRAIN_BATCH = 512;
/** How often drops are looked at. */
const DROP_REPORT_MS = 1000;

function main(port: NonNullable<typeof parentPort>): void {
  const { ring, sets, pid } = workerData as LogThreadData;
  const reader = new ByteRingReader(ring);
  const router = new LogRouter(pid, openDestination);
  let ringDrops = 0;
  const say = (message: FromLogThread): void => port.postMessage(message);
  router.setSets(sets);

  const visit = ({ tag, bytes, start, end }: RingRecord): void => {
    // The set was told before its first message was written, but the ring may be read before the port.
    if (!router.knows(setOfTag(tag))) takeSets();
    router.route(setOfTag(tag), levelOfTag(tag), bytes.toString('latin1', start, end), performance.timeOrigin + performance.now());
  };

  const loop = (): void => {
    if (reader.drain(visit, DRAIN_BATCH) === DRAIN_BATCH || !reader.prepareToSleep()) {
      setImmediate(loop);
      return;
    }
    const waiting = Atomics.waitAsync(reader.words, reader.index, 1);
    if (waiting.async) void waiting.value.then(loop);
    else setImmediate(loop);
  };

  const hear = (message: ToLogThread): void => {
    switch (message.type) {
      case 'sets':
        router.setSets(message.sets);
        break;
      case 'flush':
        while (reader.drain(visit, DRAIN_BATCH) > 0);
        router.whenIdle(() => say({ type: 'flushed', ticket: message.ticket }));
        break;
    }
  };
  /** Takes in the sets that wait at the port. What else waits there is heard when the ring has been read. */
  const takeSets = (): void => {
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      const message = next.message as ToLogThread;
      if (message.type === 'sets') router.setSets(message.sets);
      else setImmediate(hear, message);
    }
  };
  port.on('message', hear);

  setInterval(() => {
    const dropped = reader.dropped();
    if (dropped !== ringDrops) {
      ringDrops = dropped;
      say({ type: 'dropped', destination: undefined, dropped, reason: 'the log thread could not keep up' });
    }
    for (const drop of router.newDrops()) say({ type: 'dropped', ...drop });
  }, DROP_REPORT_MS).unref();

  loop();
  say({ type: 'ready' });
}

if (parentPort !== null) main(parentPort);
