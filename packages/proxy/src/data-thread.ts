// The data thread as an object: its clock, timers, shared memory, client connections and generations. What messages make
// of it is thread.ts's business.
import { getHeapStatistics } from 'node:v8';
import type { Heartbeat, Mailbox, Segment } from '@evenkeel/shm';
import { ProcessGauge, ProcessStat, SharedCount, Wake } from '@evenkeel/shm';
import type { StatBlock } from '@evenkeel/shm';
import { InvalidMessages } from './errors/invalid-messages.ts';
import { KeptDescriptors } from './listener/kept-descriptors.ts';
import { ProcessCounts } from './listener/limits.ts';
import { ParkingLot } from './listener/parking.ts';
import { PROCESS_SLOT } from './plan.ts';
import { Profiler } from './profiler.ts';
import type { ClientSession } from './stream/client-session.ts';
import type { LogSink, ThreadContext } from './thread-context.ts';
import type { ThreadLoad } from './thread-questions.ts';
import { TimerWheel } from './timers.ts';

export interface DataThreadOptions {
  readonly index: number;
  readonly incarnation: number;
  readonly segment: Segment;
  readonly mailbox: Mailbox;
  readonly heartbeat: Heartbeat;
  readonly log: LogSink;
}

/** How often the thread shows that it lives; well below what the supervisor takes for a stall. */
const BEAT_MS = 200;
const BEATS_PER_HEAP_REPORT = 5;

export class DataThread implements ThreadContext {
  readonly index: number;
  readonly incarnation: number;
  readonly segment: Segment;
  readonly mailbox: Mailbox;
  readonly log: LogSink;
  readonly wheel: TimerWheel;
  readonly counts: ProcessCounts;
  readonly parking: ParkingLot;
  readonly keptDescriptors: KeptDescriptors;
  readonly invalidMessages: InvalidMessages;
  readonly profiler = new Profiler();
  readonly sessions = new SessionList();
  now: number;

  /** CLOCK_MONOTONIC minus performance.now(), which starts anew in each thread. */
  readonly #monotonicOffsetMs: number;
  readonly #heartbeat: Heartbeat;
  readonly #wakeHandlers: { readonly reasons: number; readonly handler: (reasons: number) => void }[] = [];
  #wheelTimeout: NodeJS.Timeout | undefined = undefined;
  #beatTimer: NodeJS.Timeout | undefined = undefined;
  #isHalted = false;
  readonly #statistics: StatBlock;
  readonly #timers: Gauge;
  readonly #heapTotal: Gauge;
  readonly #heapUsed: Gauge;
  #beats = 0;
  #utilization = performance.eventLoopUtilization();

  constructor(options: DataThreadOptions) {
    this.index = options.index;
    this.incarnation = options.incarnation;
    this.segment = options.segment;
    this.mailbox = options.mailbox;
    this.log = options.log;
    this.#heartbeat = options.heartbeat;
    this.#monotonicOffsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();
    this.now = this.#monotonicMs();
    this.wheel = new TimerWheel({
      now: () => this.#monotonicMs(),
      wakeIn: (ms) => this.#wakeWheelIn(ms),
      sleep: () => clearTimeout(this.#wheelTimeout),
    });
    this.counts = new ProcessCounts(options.segment, PROCESS_SLOT);
    this.#statistics = this.counts.stat;
    const gauge = (index: number): Gauge => new Gauge(new SharedCount(options.segment, 'process', PROCESS_SLOT, index));
    this.#timers = gauge(ProcessGauge.timers);
    this.#heapTotal = gauge(ProcessGauge.heapTotalKib);
    this.#heapUsed = gauge(ProcessGauge.heapUsedKib);
    this.parking = new ParkingLot(options.segment, options.mailbox, this.wheel, () => this.now);
    this.counts.onGivenBack = () => this.parking.placeFreed();
    this.keptDescriptors = new KeptDescriptors(options.segment);
    this.invalidMessages = new InvalidMessages(options.segment);
    this.onWake(Wake.message | Wake.recovered, () => this.parking.serve());
  }

  /** Begins to beat and to listen to the mailbox. */
  run(): void {
    this.#heartbeat.setState('running', this.now);
    this.#beatTimer = setInterval(() => {
      this.refresh();
      this.#heartbeat.beat(this.now);
      this.#reportLoad();
    }, BEAT_MS);
    this.#awaitMail();
  }

  /** Stops beating and listening: the thread is about to end. */
  halt(): void {
    this.#isHalted = true;
    clearInterval(this.#beatTimer);
    clearTimeout(this.#wheelTimeout);
    this.mailbox.post(this.segment.identity.thread, Wake.message);
  }

  refresh(): void {
    this.now = performance.now() + this.#monotonicOffsetMs;
  }

  dateNow(): number {
    return Date.now();
  }

  onWake(reasons: number, handler: (reasons: number) => void): void {
    this.#wakeHandlers.push({ reasons, handler });
  }

  /** For the runtime socket. */
  load(generation: number, generations: number): ThreadLoad {
    const { heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
    const { active, idle } = performance.eventLoopUtilization();
    const { user, system } = process.threadCpuUsage();
    return {
      index: this.index,
      generation,
      generations,
      sessions: this.sessions.length,
      timers: this.wheel.size,
      cpuUs: user + system,
      activeUs: Math.round(active * 1000),
      idleUs: Math.round(idle * 1000),
      heapTotal,
      heapUsed,
      external,
      arrayBuffers,
    };
  }

  /** How busy the event loop was since the last beat, for `Idle_pct`. */
  #reportLoad(): void {
    const now = performance.eventLoopUtilization();
    const { active, idle } = performance.eventLoopUtilization(now, this.#utilization);
    this.#utilization = now;
    this.#statistics.add(ProcessStat.busyMicroseconds, Math.round(active * 1000));
    this.#statistics.add(ProcessStat.loopMicroseconds, Math.round((active + idle) * 1000));
    this.#timers.set(this.wheel.size);
    // Asking for the sizes of a heap takes microseconds, and nobody looks more than once a second.
    if (this.#beats++ % BEATS_PER_HEAP_REPORT > 0) return;
    const heap = getHeapStatistics();
    this.#heapTotal.set(Math.ceil((heap.total_heap_size + heap.external_memory) / 1024));
    this.#heapUsed.set(Math.ceil((heap.used_heap_size + heap.external_memory) / 1024));
  }

  #monotonicMs(): number {
    return performance.now() + this.#monotonicOffsetMs;
  }

  #wakeWheelIn(ms: number): void {
    clearTimeout(this.#wheelTimeout);
    this.#wheelTimeout = setTimeout(() => {
      this.refresh();
      this.wheel.run();
    }, ms);
  }

  #awaitMail(): void {
    const { words, index } = this.mailbox;
    while (!this.#isHalted) {
      const wait = Atomics.waitAsync(words, index, 0);
      if (wait.async) {
        void wait.value.then(() => {
          this.#handleMail();
          this.#awaitMail();
        });
        return;
      }
      this.#handleMail();
    }
  }

  #handleMail(): void {
    const reasons = this.mailbox.take();
    if (reasons === 0) return;
    this.refresh();
    for (const { reasons: wanted, handler } of this.#wakeHandlers) if ((wanted & reasons) !== 0) handler(reasons);
  }
}

/** This thread's share of a figure that is measured, not counted. A thread that died leaves none. */
class Gauge {
  readonly #count: SharedCount;
  #last = 0;

  constructor(count: SharedCount) {
    this.#count = count;
  }

  set(value: number): void {
    this.#count.add(value - this.#last);
    this.#last = value;
  }
}

/** The client connections of a thread. */
export class SessionList {
  length = 0;
  #count = 0;
  /** Called when the last one ended. */
  onEmpty: (() => void) | undefined = undefined;
  #first: ClientSession | undefined = undefined;

  /** From 1, in the order of the accepts. */
  nextNumber(): number {
    return ++this.#count;
  }

  add(session: ClientSession): void {
    const first = this.#first;
    session.next = first;
    if (first !== undefined) first.previous = session;
    this.#first = session;
    this.length++;
  }

  remove(session: ClientSession): void {
    const { next, previous } = session;
    if (next !== undefined) next.previous = previous;
    if (previous !== undefined) previous.next = next;
    else this.#first = next;
    session.next = undefined;
    session.previous = undefined;
    if (--this.length === 0) this.onEmpty?.();
  }

  /** The newest one; `next` leads to the older ones. */
  get newest(): ClientSession | undefined {
    return this.#first;
  }

  /** Visits every session; the visitor may end the one that it is given. */
  forEach(visit: (session: ClientSession) => void): void {
    for (let session = this.#first; session !== undefined;) {
      const { next } = session;
      visit(session);
      session = next;
    }
  }
}
