// What streams of one frontend count, in one place: the statistics of the listener, the frontend, the backend and the
// server that an event belongs to (management manual, section 9.1). Plain stores into this thread's own blocks.
import { BackendStat, FrontendStat, ListenerStat, ProcessStat, ServerStat, type StatBlock } from '@evenkeel/shm';
import type { Backend } from '../backend/backend.ts';
import type { Dispatch } from '../backend/dispatch.ts';
import type { Server } from '../backend/server.ts';
import type { DataThread } from '../data-thread.ts';
import type { ClientSession } from './client-session.ts';

/** A period of a rate holds 31 bits. */
const MAX_RATE_EVENTS = 1 << 30;

export class StreamCounters {
  readonly frontend: StatBlock;

  readonly #thread: DataThread;

  constructor(thread: DataThread, frontend: StatBlock) {
    this.#thread = thread;
    this.frontend = frontend;
  }

  /** A rule refused the request (`dreq`); `backend` where one had been chosen and its rules were those of HTTP. */
  deniedRequest(session: ClientSession, backend: Backend | undefined): void {
    this.frontend.add(FrontendStat.deniedRequests, 1);
    session.listener.stat.add(ListenerStat.deniedRequests, 1);
    backend?.stat.add(BackendStat.deniedRequests, 1);
  }

  /** A rule refused the response (`dresp`). */
  deniedResponse(session: ClientSession, backend: Backend | undefined, server: Server | undefined): void {
    this.frontend.add(FrontendStat.deniedResponses, 1);
    session.listener.stat.add(ListenerStat.deniedResponses, 1);
    backend?.stat.add(BackendStat.deniedResponses, 1);
    server?.stat.add(ServerStat.deniedResponses, 1);
  }

  /** The client ended, or kept silent, before its request was complete (`ereq`). */
  failedRequest(session: ClientSession): void {
    this.frontend.add(FrontendStat.failedRequests, 1);
    session.listener.stat.add(ListenerStat.failedRequests, 1);
  }

  /** The client ended a stream that had a backend (`cli_abrt`). */
  clientAbort(backend: Backend | undefined, server: Server | undefined): void {
    backend?.stat.add(BackendStat.clientAborts, 1);
    server?.stat.add(ServerStat.clientAborts, 1);
  }

  /** The server ended a stream before its time (`srv_abrt`). */
  serverAbort(backend: Backend | undefined, server: Server | undefined): void {
    backend?.stat.add(BackendStat.serverAborts, 1);
    server?.stat.add(ServerStat.serverAborts, 1);
  }

  /** The server's connection broke (`eresp`). */
  failedResponse(backend: Backend | undefined, server: Server | undefined): void {
    backend?.stat.add(BackendStat.failedResponses, 1);
    server?.stat.add(ServerStat.failedResponses, 1);
  }

  /** Bytes from the client and towards it since the last call (`bin`, `bout`). */
  bytes(
    session: ClientSession,
    backend: Backend | undefined,
    server: Server | undefined,
    bytesIn: number,
    bytesOut: number,
  ): void {
    const { frontend } = this;
    const { stat } = session.listener;
    if (bytesIn > 0) {
      frontend.add(FrontendStat.bytesIn, bytesIn);
      stat.add(ListenerStat.bytesIn, bytesIn);
      backend?.stat.add(BackendStat.bytesIn, bytesIn);
      server?.stat.add(ServerStat.bytesIn, bytesIn);
    }
    if (bytesOut > 0) {
      frontend.add(FrontendStat.bytesOut, bytesOut);
      stat.add(ListenerStat.bytesOut, bytesOut);
      const { counts } = this.#thread;
      counts.bytesOutRate.add(this.#thread.now, Math.min(bytesOut, MAX_RATE_EVENTS));
      counts.stat.add(ProcessStat.bytesOut, bytesOut);
      backend?.stat.add(BackendStat.bytesOut, bytesOut);
      server?.stat.add(ServerStat.bytesOut, bytesOut);
    }
  }

  /** Times of an ended TCP stream that reached a server (`qtime`, `ctime`, `ttime`), in ms. */
  streamTimes(backend: Backend | undefined, dispatch: Dispatch, totalMs: number): void {
    const { server } = dispatch;
    if (backend === undefined || server === undefined) return;
    const queueMs = Math.max(0, dispatch.queueTimeMs);
    const connectMs = Math.max(0, dispatch.connectTimeMs);
    server.stat.sample(ServerStat.queueTime, queueMs);
    server.stat.sample(ServerStat.connectTime, connectMs);
    server.stat.sample(ServerStat.totalTime, totalMs);
    server.stat.raise(ServerStat.queueTimeMax, queueMs);
    server.stat.raise(ServerStat.connectTimeMax, connectMs);
    server.stat.raise(ServerStat.totalTimeMax, totalMs);
    backend.stat.sample(BackendStat.queueTime, queueMs);
    backend.stat.sample(BackendStat.connectTime, connectMs);
    backend.stat.sample(BackendStat.totalTime, totalMs);
    backend.stat.raise(BackendStat.queueTimeMax, queueMs);
    backend.stat.raise(BackendStat.connectTimeMax, connectMs);
    backend.stat.raise(BackendStat.totalTimeMax, totalMs);
  }
}
