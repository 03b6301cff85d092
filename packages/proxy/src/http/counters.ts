// What transactions count (management manual, section 9.1): requests, responses by class, bytes, times. Plain stores into this
// thread's own blocks; each figure is stored once, when the transaction ends, but for what must be seen at its start.
import { BackendStat, FrontendStat, ListenerStat, ServerStat } from '@evenkeel/shm';
import type { HttpTransaction } from './transaction.ts';

/** Fields of `responses…` by the status's first digit: 0 and everything else is `responsesOther`. */
const FRONTEND_CLASS = classFields(FrontendStat);
const BACKEND_CLASS = classFields(BackendStat);
const SERVER_CLASS = classFields(ServerStat);

interface ClassFields {
  readonly responses1xx: number;
  readonly responses2xx: number;
  readonly responses3xx: number;
  readonly responses4xx: number;
  readonly responses5xx: number;
  readonly responsesOther: number;
}

function classFields(fields: ClassFields): readonly number[] {
  const { responses1xx, responses2xx, responses3xx, responses4xx, responses5xx, responsesOther } = fields;
  return [responsesOther, responses1xx, responses2xx, responses3xx, responses4xx, responses5xx];
}

/** A request head was received, or what came in its place was refused (`req_tot`, `req_rate`). */
export function countRequest(tx: HttpTransaction): void {
  const { frontend } = tx;
  frontend.stat.add(FrontendStat.requests, 1);
  frontend.requestRate.add(tx.thread.now);
}

/** The request was answered here on purpose: by a rule, a service or the monitor (`intercepted`). */
export function countIntercepted(tx: HttpTransaction): void {
  tx.frontend.stat.add(FrontendStat.intercepted, 1);
}

/** A rule refused the response (`dresp`). */
export function countDeniedResponse(tx: HttpTransaction): void {
  tx.frontend.stat.add(FrontendStat.deniedResponses, 1);
  tx.session.client.listener.stat.add(ListenerStat.deniedResponses, 1);
  tx.backend?.stat.add(BackendStat.deniedResponses, 1);
  tx.assignedServer?.stat.add(ServerStat.deniedResponses, 1);
}

/** The server gave no response that can be used (`eresp`). */
export function countFailedResponse(tx: HttpTransaction): void {
  tx.backend?.stat.add(BackendStat.failedResponses, 1);
  tx.assignedServer?.stat.add(ServerStat.failedResponses, 1);
}

/** A rewrite did not fit into the buffer (`wrew`). */
export function countFailedRewrite(tx: HttpTransaction): void {
  tx.frontend.stat.add(FrontendStat.failedRewrites, 1);
  tx.session.client.listener.stat.add(ListenerStat.failedRewrites, 1);
  if (tx.backend !== undefined && tx.backend.config !== tx.frontend.config)
    tx.backend.stat.add(BackendStat.failedRewrites, 1);
}

/** A server's response head, whatever becomes of it; answers of our own count for no server. */
export function countServerResponse(tx: HttpTransaction, status: number): void {
  const { stat } = tx.assignedServer!;
  stat.add(SERVER_CLASS[digitOf(status)], 1);
  stat.add(ServerStat.requests, 1);
}

function digitOf(status: number): number {
  return status >= 600 || status < 100 ? 0 : Math.floor(status / 100);
}

/** The ended transaction: status, bytes, times. What got no answer counts among the others, as on HAProxy. */
export function countEnd(tx: HttpTransaction): void {
  const { frontend, backend, status } = tx;
  const server = tx.assignedServer;
  const digit = digitOf(status);
  frontend.stat.add(FRONTEND_CLASS[digit], 1);
  if (backend !== undefined) {
    backend.stat.add(BACKEND_CLASS[digit], 1);
    backend.stat.add(BackendStat.requests, 1);
  }
  const bytesOut = tx.session.connection.bytesOut - tx.bytesOutBefore;
  frontend.counters.bytes(tx.session.client, backend, server, tx.bytesIn, bytesOut);
  if (backend === undefined || server === undefined) return;
  const queueMs = Math.max(0, tx.dispatch.queueTimeMs);
  const connectMs = Math.max(0, tx.dispatch.connectTimeMs);
  const responseMs = tx.responseMs < 0 ? 0 : tx.responseMs - tx.dispatchStartMs - queueMs - connectMs;
  const totalMs = tx.endMs - tx.requestStartMs;
  server.stat.sampleTimes(queueMs, connectMs, responseMs, totalMs);
  backend.stat.sampleTimes(queueMs, connectMs, responseMs, totalMs);
}
