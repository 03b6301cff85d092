// Statistics of a backend: what `show stat` prints in its BACKEND line besides gauges and rates (management manual 9.1).
// Unit: events, bytes or milliseconds since start. Writer: the thread that owns the block, plain stores. Reader: combines
// the threads' values as the field says.
import { numberFields } from './field.ts';

const table = numberFields({
  sessions: 'sum', // stot
  lastSessionMs: 'latest', // epoch ms, for lastsess
  loadBalanced: 'sum', // lbtot
  bytesIn: 'sum', // bin
  bytesOut: 'sum', // bout
  deniedRequests: 'sum', // dreq
  deniedResponses: 'sum', // dresp
  failedConnects: 'sum', // econ
  failedResponses: 'sum', // eresp
  retries: 'sum', // wretr
  redispatches: 'sum', // wredis
  failedRewrites: 'sum', // wrew
  internalErrors: 'sum', // eint
  clientAborts: 'sum', // cli_abrt
  serverAborts: 'sum', // srv_abrt
  connects: 'sum', // connect
  reuses: 'sum', // reuse
  requests: 'sum', // req_tot
  responses1xx: 'sum',
  responses2xx: 'sum',
  responses3xx: 'sum',
  responses4xx: 'sum',
  responses5xx: 'sum',
  responsesOther: 'sum',
  queueTime: 'average', // qtime, ms
  queueTimeWeight: 'weight',
  connectTime: 'average', // ctime, ms
  connectTimeWeight: 'weight',
  responseTime: 'average', // rtime, ms
  responseTimeWeight: 'weight',
  totalTime: 'average', // ttime, ms
  totalTimeWeight: 'weight',
  queueTimeMax: 'max', // qtime_max, ms
  connectTimeMax: 'max', // ctime_max, ms
  responseTimeMax: 'max', // rtime_max, ms
  totalTimeMax: 'max', // ttime_max, ms
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

export const BackendStat = table.index;
export const backendStatFields = table.fields;
