// Counters of the process: what `show info` prints as totals (management manual 9.3, "show info").
// Unit: events or bytes since start. Writer: the thread that owns the block, plain stores. Reader: sums over threads.
import { numberFields } from './field.ts';

const table = numberFields({
  connections: 'sum', // CumConns
  sessions: 'sum',
  requests: 'sum', // CumReq
  sslConnections: 'sum', // CumSslConns
  sslFrontendKeys: 'sum',
  sslFrontendReuses: 'sum',
  sslCacheLookups: 'sum', // SslCacheLookups
  sslCacheMisses: 'sum', // SslCacheMisses
  bytesOut: 'sum', // TotalBytesOut
  droppedLogs: 'sum', // DroppedLogs
  failedResolutions: 'sum', // FailedResolutions
  receivedLogs: 'sum', // CumRecvLogs
  busyMicroseconds: 'sum', // for Idle_pct
  loopMicroseconds: 'sum', // for Idle_pct
});

export const ProcessStat = table.index;
export const processStatFields = table.fields;
