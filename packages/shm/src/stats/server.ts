// Statistics of a server: what `show stat` prints in its line besides gauges, rates and health (management manual 9.1).
// Unit: events, bytes or milliseconds since start. Writer: the thread that owns the block, plain stores. Reader: combines
// the threads' values as the field says.
import { numberFields } from './field.ts';

const table = numberFields({
  sessions: 'sum', // stot
  lastSessionMs: 'latest', // epoch ms, for lastsess
  loadBalanced: 'sum', // lbtot
  bytesIn: 'sum', // bin
  bytesOut: 'sum', // bout
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
  failedObservations: 'sum', // hanafail
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
  sslSessions: 'sum',
  sslReusedSessions: 'sum',
  sslFailedHandshakes: 'sum',
});

export const ServerStat = table.index;
export const serverStatFields = table.fields;
