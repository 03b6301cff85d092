// The limits that a new connection has to pass before anything else happens to it: `maxconn` of process, frontend and bind
// line, `maxconnrate`, `maxsessrate` and `rate-limit sessions` (manual, sections 3.2, 4.2 and 5.1). Exact over all threads.
import {
  FrequencyCounter,
  ProcessGauge,
  ProcessRate,
  RuntimeLimit,
  Sequence,
  SharedCount,
  StatBlock,
  type Segment,
} from '@evenkeel/shm';
import type { Frontend } from '../frontend.ts';
import type { ProcessLimits } from '../plan.ts';
import type { Listener } from './listener.ts';

/** What the process as a whole counts and allows; one for each thread. `limits` follow the published generation. */
export class ProcessCounts {
  readonly connections: SharedCount;
  readonly connectionRate: FrequencyCounter;
  readonly sessionRate: FrequencyCounter;
  /** Bytes to clients (`BytesOutRate`), counted when a stream's statistics are. */
  readonly bytesOutRate: FrequencyCounter;
  /** Numbers requests and TCP streams (`%rt`). */
  readonly requests: Sequence;
  /** This thread's counters of the process. */
  readonly stat: StatBlock;
  limits: ProcessLimits = { maxconn: 0, maxconnrate: 0, maxsessrate: 0 };
  readonly #givenMaxconn: RuntimeLimit;
  readonly #givenConnRate: RuntimeLimit;
  readonly #givenSessRate: RuntimeLimit;
  /** Called when a place that was taken for a moment is free again: somebody may have found it taken. */
  onGivenBack: (() => void) | undefined = undefined;

  constructor(segment: Segment, slot: number) {
    this.connections = new SharedCount(segment, 'process', slot, ProcessGauge.connections);
    this.connectionRate = new FrequencyCounter(segment, 'process', slot, ProcessRate.connections);
    this.sessionRate = new FrequencyCounter(segment, 'process', slot, ProcessRate.sessions);
    this.bytesOutRate = new FrequencyCounter(segment, 'process', slot, ProcessRate.bytesOut);
    this.requests = Sequence.ofRequests(segment, slot);
    this.stat = new StatBlock(segment, 'process', slot);
    this.#givenMaxconn = RuntimeLimit.ofProcess(segment, slot, 'maxconn');
    this.#givenConnRate = RuntimeLimit.ofProcess(segment, slot, 'connRate');
    this.#givenSessRate = RuntimeLimit.ofProcess(segment, slot, 'sessRate');
  }

  /** `maxconn` of the process as it holds now. */
  get maxconn(): number {
    return this.#givenMaxconn.over(this.limits.maxconn);
  }

  /** `maxconnrate`; 0: none. */
  get maxconnrate(): number {
    return this.#givenConnRate.over(this.limits.maxconnrate);
  }

  /** `maxsessrate`; 0: none. */
  get maxsessrate(): number {
    return this.#givenSessRate.over(this.limits.maxsessrate);
  }
}

/**
 * Takes a place in every count, or in none. 0: the connection may begin. Otherwise it has to wait: -1 until a place becomes
 * free, else that many ms until a rate allows it.
 */
export function enter(process: ProcessCounts, frontend: Frontend, listener: Listener, now: number): number {
  if (!process.connections.tryIncrement(process.maxconn)) return -1;
  const bindLimit = listener.config.maxconn ?? 0;
  // The most at one time is asked for with `option socket-stats` only, and costs a lock.
  if (bindLimit === 0) {
    if (frontend.config.options.socketStats) listener.sessions.increment();
    else listener.sessions.add(1);
  } else if (!listener.sessions.tryIncrement(bindLimit)) {
    process.connections.decrement();
    process.onGivenBack?.();
    return -1;
  }
  // The last one to be taken: its maximum is shown to everybody (smax) and must not count one that had no place elsewhere.
  if (!frontend.sessions.tryIncrement(frontend.maxconn)) {
    listener.sessions.decrement();
    process.connections.decrement();
    process.onGivenBack?.();
    return -1;
  }
  const delay = enterRates(process, frontend, now);
  if (delay > 0) {
    frontend.sessions.decrement();
    listener.sessions.decrement();
    process.connections.decrement();
    process.onGivenBack?.();
  }
  return delay;
}

/**
 * What `enter` would return, without taking anything. Who has waited asks this first: were places taken and given back at
 * each try, two threads that wait for different limits would wake each other without end.
 */
export function waitFor(process: ProcessCounts, frontend: Frontend, listener: Listener, now: number): number {
  if (process.connections.sum() >= process.maxconn) return -1;
  const bindLimit = listener.config.maxconn ?? 0;
  if (bindLimit > 0 && listener.sessions.sum() >= bindLimit) return -1;
  if (frontend.sessions.sum() >= frontend.maxconn) return -1;
  return rateDelay(process, frontend, now);
}

/** A rule refused the connection before it became a session: it does not count in the rates of sessions. */
export function forgetSession(process: ProcessCounts, frontend: Frontend, now: number): void {
  process.sessionRate.add(now, -1);
  frontend.sessionRate.add(now, -1);
}

/** ms until every rate allows one more; 0 for now. */
function rateDelay(process: ProcessCounts, frontend: Frontend, now: number): number {
  const { maxconnrate, maxsessrate } = process;
  const { rateLimit } = frontend;
  let delay = maxconnrate > 0 ? process.connectionRate.nextEventDelayMs(maxconnrate, now) : 0;
  if (maxsessrate > 0) delay = Math.max(delay, process.sessionRate.nextEventDelayMs(maxsessrate, now));
  if (rateLimit > 0) delay = Math.max(delay, frontend.sessionRate.nextEventDelayMs(rateLimit, now));
  return delay;
}

function enterRates(process: ProcessCounts, frontend: Frontend, now: number): number {
  const { rateLimit } = frontend;
  // One that is refused by a later rate has not happened: all are asked first, without counting.
  const delay = rateDelay(process, frontend, now);
  if (delay > 0) return delay;
  if (!process.connectionRate.tryAdd(process.maxconnrate, now))
    return Math.max(1, process.connectionRate.nextEventDelayMs(process.maxconnrate, now));
  if (!process.sessionRate.tryAdd(process.maxsessrate, now))
    return Math.max(1, process.sessionRate.nextEventDelayMs(process.maxsessrate, now));
  if (!frontend.sessionRate.tryAdd(rateLimit, now))
    return Math.max(1, frontend.sessionRate.nextEventDelayMs(rateLimit, now));
  return 0;
}
