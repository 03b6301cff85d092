// Statistics of a listener: what `show stat` prints in its line under `option socket-stats` (management manual 9.1).
// Unit: events or bytes since start. Writer: the thread that owns the block, plain stores. Reader: sums over threads.
import { numberFields } from './field.ts';

const table = numberFields({
  connections: 'sum', // conn_tot
  sessions: 'sum', // stot
  bytesIn: 'sum', // bin
  bytesOut: 'sum', // bout
  deniedRequests: 'sum', // dreq
  deniedResponses: 'sum', // dresp
  deniedConnections: 'sum', // dcon
  deniedSessions: 'sum', // dses
  failedRequests: 'sum', // ereq
  failedRewrites: 'sum', // wrew
  internalErrors: 'sum', // eint
  sslSessions: 'sum',
  sslReusedSessions: 'sum',
  sslFailedHandshakes: 'sum',
});

export const ListenerStat = table.index;
export const listenerStatFields = table.fields;
