/**
 * Entry of the log thread: drains the ring that every other thread writes messages to, and owns every log destination. No
 * other thread ever waits for one.
 *
 * Waking a sleeping thread costs the waker as much as making a line. So while messages come quickly the thread does not sleep
 * until it is woken, but looks every few milliseconds: what came meanwhile leaves together.
 */

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { ByteRingReader } from '@evenkeel/shm';
import type { ByteRingHandle, RingRecord } from '@evenkeel/shm';
import { WallClock, sharedClockOffset } from './clocks.ts';
import { openDestination } from './destinations/open.ts';
import { DropReport } from './drop-report.ts';
import type { DropCount, DropNews } from './drop-report.ts';
import { LogRouter } from './log-router.ts';
import type { LogConfiguration } from './log-router.ts';
import type { LogMessage } from './message.ts';
import { ageOfMark, isStructured, levelOfTag, setOfTag } from './record.ts';
import { RingReader } from './rings/ring-reader.ts';
import type { SinkDescription } from './rings/ring-sinks.ts';

export interface LogThreadData {
  readonly ring: ByteRingHandle;
  readonly configuration: LogConfiguration;
  readonly pid: number;
}

export type ToLogThread =
  | { readonly type: 'configure'; readonly configuration: LogConfiguration }
  /** Answered by `flushed` when everything written before it has left. */
  | { readonly type: 'flush'; readonly ticket: number }
  /** Answered by `sinks`. */
  | { readonly type: 'describe'; readonly ticket: number }
  /** Answered by `events`, again after each `more`, until the last or `stop`. */
  | {
      readonly type: 'read';
      readonly ticket: number;
      readonly ring: string;
      readonly fromEnd: boolean;
      readonly follows: boolean;
    }
  | { readonly type: 'more' | 'stop'; readonly ticket: number };

export type FromLogThread =
  | { readonly type: 'ready' }
  | { readonly type: 'flushed'; readonly ticket: number }
  | { readonly type: 'sinks'; readonly ticket: number; readonly sinks: readonly SinkDescription[] }
  | { readonly type: 'events'; readonly ticket: number; readonly text: string; readonly isLast: boolean }
  /** Lines were dropped by a destination, a ring, or the log thread's own memory. */
  | ({ readonly type: 'dropped'; readonly isCounted: boolean } & DropNews);

/** Messages taken in one go: few enough that flush requests and socket events are heard within a millisecond or two. */
const DRAIN_BATCH = 512;
/** How often drops are looked at. */
const DROP_REPORT_MS = 1000;
/** How often destinations are closed that nobody needs any more. */
const CLOSE_MS = 10_000;
/**
 * How often the ring is looked at while messages come quickly: 60,000 lines a second are a burst of 240 then, which a socket
 * with the kernel's usual memory has room for, and looking takes less than one per cent of a processor.
 */
const LOOK_MS = 4;

function main(port: NonNullable<typeof parentPort>): void {
  const { ring, configuration, pid } = workerData as LogThreadData;
  const reader = new ByteRingReader(ring);
  const router = new LogRouter(pid, openDestination);
  const report = new DropReport();
  const readers = new Map<number, RingReader>();
  /** Tickets of readings that have not begun. */
  const asked = new Set<number>();
  const wallClock = new WallClock();
  const clockOffset = sharedClockOffset();
  const say = (message: FromLogThread): void => port.postMessage(message);
  router.configure(configuration);

  const message: LogMessage = { level: 0, timeMs: 0, structuredData: '', bytes: Buffer.alloc(0), start: 0, end: 0 };
  let wallMs = 0;
  let sharedMs = 0;
  const visit = ({ tag, mark, bytes, start, end }: RingRecord): void => {
    const set = setOfTag(tag);
    // The set was told before its first message was written, but the ring may be read before the port.
    if (!router.knows(set)) takeConfiguration();
    if (!router.knows(set)) return;
    message.level = levelOfTag(tag);
    message.timeMs = wallMs - ageOfMark(mark, sharedMs);
    message.bytes = bytes;
    message.start = start;
    message.end = end;
    message.structuredData = '';
    if (isStructured(tag)) {
      message.start = start + 2 + bytes.readUInt16LE(start);
      message.structuredData = bytes.toString('latin1', start + 2, message.start);
    }
    router.route(set, message);
  };

  const drain = (): number => {
    wallMs = wallClock.now();
    sharedMs = performance.now() + clockOffset;
    const drained = reader.drain(visit, DRAIN_BATCH);
    if (drained > 0) router.flush();
    return drained;
  };

  let lastWakeMs = -Infinity;
  /** A message woke the thread. One alone leaves at once; those of a burst wait for each other. */
  const wake = (): void => {
    const now = performance.now();
    const isBurst = now - lastWakeMs < LOOK_MS;
    lastWakeMs = now;
    if (isBurst) {
      setTimeout(look, LOOK_MS);
      return;
    }
    drain();
    sleep();
  };
  const look = (): void => {
    const drained = drain();
    if (drained === DRAIN_BATCH) setImmediate(look);
    else if (drained > 1) setTimeout(look, LOOK_MS);
    else sleep();
  };
  const sleep = (): void => {
    if (!reader.prepareToSleep()) {
      setImmediate(look);
      return;
    }
    const waiting = Atomics.waitAsync(reader.words, reader.index, 1);
    if (waiting.async) void waiting.value.then(wake);
    else setImmediate(wake);
  };

  /** Calls `done` once everything that was written before has been handed on; other things are heard between the batches. */
  const catchUp = (mark: readonly number[], done: () => void): void => {
    if (!reader.isPast(mark)) drain();
    if (reader.isPast(mark)) done();
    else setImmediate(catchUp, mark, done);
  };

  const hear = (request: ToLogThread): void => {
    switch (request.type) {
      case 'configure':
        router.configure(request.configuration);
        break;
      case 'flush':
        catchUp(reader.mark(), () => router.whenIdle(() => say({ type: 'flushed', ticket: request.ticket })));
        break;
      case 'describe':
        catchUp(reader.mark(), () => say({ type: 'sinks', ticket: request.ticket, sinks: router.rings.describe() }));
        break;
      case 'read':
        asked.add(request.ticket);
        catchUp(reader.mark(), () => {
          if (asked.delete(request.ticket)) read(request);
        });
        break;
      case 'more':
        readers.get(request.ticket)?.more();
        break;
      case 'stop':
        readers.get(request.ticket)?.close();
        readers.delete(request.ticket);
        asked.delete(request.ticket);
        break;
    }
  };
  const read = ({ ticket, ring: name, ...how }: Extract<ToLogThread, { type: 'read' }>): void => {
    const found = router.rings.get(name);
    if (found === undefined) {
      say({ type: 'events', ticket, text: '', isLast: true });
      return;
    }
    const send = (text: string, isLast: boolean): void => {
      say({ type: 'events', ticket, text, isLast });
      if (isLast) readers.delete(ticket);
    };
    const ringReader = new RingReader(found, how, send);
    readers.set(ticket, ringReader);
    ringReader.more();
  };
  /** Takes in the sets that wait at the port. What else waits there is heard when the ring has been read. */
  const takeConfiguration = (): void => {
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      const request = next.message as ToLogThread;
      if (request.type === 'configure') hear(request);
      else setImmediate(hear, request);
    }
  };
  port.on('message', hear);

  setInterval(() => {
    const own: DropCount = { name: '', dropped: reader.dropped(), reason: 'the log thread cannot keep up' };
    const counts = [{ ...own, isRing: false }, ...router.drops()];
    const isRing = new Map(counts.map((count) => [count.name, count.isRing]));
    for (const news of report.observe(counts, performance.now()))
      say({ type: 'dropped', isCounted: isRing.get(news.name) !== true, ...news });
  }, DROP_REPORT_MS).unref();

  setInterval(() => router.closeUnused(), CLOSE_MS).unref();

  look();
  say({ type: 'ready' });
}

if (parentPort !== null) main(parentPort);
