// Statistics of a frontend: what `show stat` prints in its FRONTEND line besides gauges and rates (management manual 9.1).
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
  requests: 'sum', // req_tot
  intercepted: 'sum', // intercepted
  responses1xx: 'sum',
  responses2xx: 'sum',
  responses3xx: 'sum',
  responses4xx: 'sum',
  responses5xx: 'sum',
  responsesOther: 'sum',
  compressIn: 'sum', // comp_in
  compressOut: 'sum', // comp_out
  compressBypassed: 'sum', // comp_byp
  compressedResponses: 'sum', // comp_rsp
  cacheLookups: 'sum',
  cacheHits: 'sum',
  sslSessions: 'sum',
  sslReusedSessions: 'sum',
  sslFailedHandshakes: 'sum',
  h1Connections: 'sum', // h1_total_connections
  h1Streams: 'sum', // h1_total_streams
  h1BytesIn: 'sum',
  h1BytesOut: 'sum',
  h2Connections: 'sum', // h2_total_connections
  h2Streams: 'sum', // h2_backend_total_streams
  h2HeadersReceived: 'sum',
  h2DataReceived: 'sum',
  h2SettingsReceived: 'sum',
  h2ResetsReceived: 'sum',
  h2GoawaysReceived: 'sum',
  h2ConnectionErrors: 'sum',
  h2StreamErrors: 'sum',
  h2ResetsSent: 'sum',
  h2GoawaysSent: 'sum',
});

export const FrontendStat = table.index;
export const frontendStatFields = table.fields;
