// What is measured: each entry builds its objects in the thread that runs it and returns one round of the operation. All
// threads work on the same objects, so with two threads the figures include contention.
import {
  Admission,
  BackendGauge,
  BackendRate,
  BackendStat,
  ByteRingReader,
  ByteRingWriter,
  FrequencyCounter,
  FrontendGauge,
  FrontendRate,
  FrontendStat,
  Heartbeat,
  ProcessGauge,
  ServerState,
  SharedCount,
  StatBlock,
  Tickets,
  createByteRing,
  type Segment,
} from '../src/index.ts';

export interface Surroundings {
  readonly segment: Segment;
  /** CLOCK_MONOTONIC milliseconds, read once: a thread caches its time, too. */
  readonly now: number;
}

export type Operation = (surroundings: Surroundings) => () => void;

const unlimited = { server: 0, limit: 0, takesBackendQueue: true };
const limited = { server: 0, limit: 1000, takesBackendQueue: true };
const inPlace = { priorityClass: 0, offsetMs: 0 };
const line =
  '127.0.0.1:40404 [01/Jan/2030:00:00:00.000] web api/s1 0/0/0/1/1 200 1234 - - ---- 10/10/5/1/0 0/0 "GET /index.html HTTP/1.1"'.padEnd(
    180,
    '.',
  );

export const operations: Readonly<Record<string, Operation>> = {
  'gauge: increment and decrement': ({ segment }) => {
    const count = new SharedCount(segment, 'frontend', 0, FrontendGauge.sessions);
    return () => {
      count.increment();
      count.decrement();
    };
  },
  'gauge under a limit: tryIncrement and decrement': ({ segment }) => {
    const count = new SharedCount(segment, 'process', 0, ProcessGauge.connections);
    return () => {
      if (count.tryIncrement(1000)) count.decrement();
    };
  },
  'rate: add': ({ segment, now }) => {
    const rate = new FrequencyCounter(segment, 'frontend', 0, FrontendRate.sessions);
    return () => rate.add(now);
  },
  'rate under a limit: tryAdd': ({ segment, now }) => {
    const rate = new FrequencyCounter(segment, 'frontend', 0, FrontendRate.connections);
    return () => rate.tryAdd(1e9, now);
  },
  'statistics: add': ({ segment }) => {
    const block = new StatBlock(segment, 'frontend', 0);
    return () => block.add(FrontendStat.bytesIn, 100);
  },
  'statistics: the times of a stream': ({ segment }) => {
    const block = new StatBlock(segment, 'server', 0);
    return () => block.sampleTimes(0, 1, 2, 3);
  },
  'server without maxconn: enter and leave': ({ segment }) => {
    const admission = new Admission(new Tickets(segment), 0);
    return () => {
      admission.enter(unlimited);
      admission.leave(unlimited);
    };
  },
  'server with maxconn: enter and leave': ({ segment }) => {
    const admission = new Admission(new Tickets(segment), 0);
    return () => {
      if (admission.enter(limited)) admission.leave(limited);
    };
  },
  'queue: wait and give up, ten others waiting': ({ segment, now }) => {
    const admission = new Admission(new Tickets(segment), 1);
    for (let i = 0; i < 10; i++) admission.enqueueForBackend([], [], inPlace, now);
    return () => {
      const result = admission.enqueueForBackend([], [], inPlace, now);
      if (result.type === 'queued') admission.cancel(result.ticket, () => unlimited);
    };
  },
  'server state: isEligible': ({ segment }) => {
    const state = new ServerState(segment, 0);
    return () => void state.isEligible();
  },
  heartbeat: ({ segment, now }) => {
    const heart = new Heartbeat(segment);
    return () => heart.beat(now);
  },
  // A ring of the thread's own, read by the thread itself, so that no record is dropped: both ends' cost, without waiting.
  'log ring: a record of 180 bytes, written and read': () => {
    const ring = createByteRing(1, 1 << 20);
    const writer = new ByteRingWriter(ring, 0);
    const reader = new ByteRingReader(ring);
    let written = 0;
    return () => {
      writer.writeText(6, 0, line, 'latin1');
      if (++written % 1000 === 0) reader.drain(() => undefined, 1000);
    };
  },
  'all that one HTTP request does': ({ segment, now }) => {
    const backendSessions = new SharedCount(segment, 'backend', 0, BackendGauge.sessions);
    const admission = new Admission(new Tickets(segment), 0);
    const requests = new FrequencyCounter(segment, 'frontend', 0, FrontendRate.requests);
    const sessions = new FrequencyCounter(segment, 'backend', 0, BackendRate.sessions);
    const frontend = new StatBlock(segment, 'frontend', 0);
    const backend = new StatBlock(segment, 'backend', 0);
    const server = new StatBlock(segment, 'server', 0);
    return () => {
      requests.add(now);
      sessions.add(now);
      backendSessions.increment();
      admission.enter(limited);
      frontend.add(FrontendStat.requests, 1);
      frontend.add(FrontendStat.bytesIn, 100);
      frontend.add(FrontendStat.bytesOut, 300);
      frontend.add(FrontendStat.responses2xx, 1);
      for (const block of [backend, server]) {
        block.add(BackendStat.sessions, 1);
        block.add(BackendStat.bytesIn, 100);
        block.add(BackendStat.bytesOut, 300);
        block.raise(BackendStat.lastSessionMs, now);
      }
      backend.sampleTimes(0, 0, 1, 1);
      server.sampleTimes(0, 0, 1, 1);
      admission.leave(limited);
      backendSessions.decrement();
    };
  },
};
