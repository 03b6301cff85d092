/**
 * Rows of `show stat` out of shared memory: one builder for each kind of row. Which columns a kind fills, also with which
 * mode, is the manual's [LFBS] (management manual, section 9.1) and what HAProxy 2.6 prints.
 */

import type { Proxy, Server } from '@evenkeel/config';
import { agentFields, checkFields, shownWeight, statusText, throttlePercent } from '@evenkeel/checks';
import type { WatchedServer } from '@evenkeel/checks';
import type { ListenerPlan } from '@evenkeel/proxy';
import {
  Admission,
  BackendGauge,
  BackendRate,
  BackendStat,
  BackendState,
  FrequencyCounter,
  FrontendGauge,
  FrontendRate,
  FrontendStat,
  FrontendState,
  GaugeReader,
  ListenerGauge,
  ListenerStat,
  OperationalState,
  ServerGauge,
  ServerRate,
  ServerStat,
  ServerState,
} from '@evenkeel/shm';
import type { ObjectKind } from '@evenkeel/shm';
import { getSocketName, isOpen } from '@evenkeel/sys';
import { frontendLimit } from './limit-commands.ts';
import type { Runtime } from './runtime.ts';
import { At, newRow } from './statistics-columns.ts';
import type { Row } from './statistics-columns.ts';

/** Column `type`. */
const ROW_TYPE = { frontend: 0, backend: 1, server: 2, listener: 3 } as const;
/** Column `pid`: the first and only process. */
const PROCESS_NUMBER = 1;

/** Names of the fields that all kinds with HTTP answers share. */
interface AnswerFields {
  readonly responses1xx: number;
  readonly responses2xx: number;
  readonly responses3xx: number;
  readonly responses4xx: number;
  readonly responses5xx: number;
  readonly responsesOther: number;
}

export function frontendRow(runtime: Runtime, proxy: Proxy, slot: number): Row {
  const figures = runtime.statistics.peek('frontend', slot);
  const now = runtime.monotonicNow();
  const gauges = new GaugeReader(runtime.segment, 'frontend', slot);
  const sessionRate = rate(runtime, 'frontend', slot, FrontendRate.sessions);
  const connectionRate = rate(runtime, 'frontend', slot, FrontendRate.connections);
  const requestRate = rate(runtime, 'frontend', slot, FrontendRate.requests);
  const isHttp = proxy.mode === 'http';
  const row = newRow();
  if (isHttp) {
    fillAnswers(row, figures, FrontendStat);
    row[At.intercepted] = figures[FrontendStat.intercepted];
    row[At.cache_lookups] = figures[FrontendStat.cacheLookups];
    row[At.cache_hits] = figures[FrontendStat.cacheHits];
  }
  row[At.pxname] = proxy.name;
  row[At.svname] = 'FRONTEND';
  row[At.status] = runtime.stopping() ? 'STOP' : FRONTEND_STATUS[new FrontendState(runtime.segment, slot).condition];
  row[At.type] = ROW_TYPE.frontend;
  row[At.mode] = proxy.mode;
  row[At.pid] = PROCESS_NUMBER;
  row[At.iid] = proxy.id;
  row[At.sid] = 0;
  row[At.scur] = gauges.sum(FrontendGauge.sessions);
  row[At.smax] = gauges.highest(FrontendGauge.sessions);
  row[At.slim] = frontendLimit(runtime, proxy, slot);
  row[At.stot] = figures[FrontendStat.sessions];
  row[At.bin] = figures[FrontendStat.bytesIn];
  row[At.bout] = figures[FrontendStat.bytesOut];
  row[At.dreq] = figures[FrontendStat.deniedRequests];
  row[At.dresp] = figures[FrontendStat.deniedResponses];
  row[At.ereq] = figures[FrontendStat.failedRequests];
  row[At.rate] = sessionRate.rate(now);
  row[At.rate_lim] = proxy.rateLimitSessions ?? 0;
  row[At.rate_max] = sessionRate.highest();
  row[At.comp_in] = figures[FrontendStat.compressIn];
  row[At.comp_out] = figures[FrontendStat.compressOut];
  row[At.comp_byp] = figures[FrontendStat.compressBypassed];
  row[At.comp_rsp] = figures[FrontendStat.compressedResponses];
  row[At.req_rate] = requestRate.rate(now);
  row[At.req_rate_max] = requestRate.highest();
  row[At.req_tot] = figures[FrontendStat.requests];
  row[At.conn_rate] = connectionRate.rate(now);
  row[At.conn_rate_max] = connectionRate.highest();
  row[At.conn_tot] = figures[FrontendStat.connections];
  row[At.dcon] = figures[FrontendStat.deniedConnections];
  row[At.dses] = figures[FrontendStat.deniedSessions];
  row[At.wrew] = figures[FrontendStat.failedRewrites];
  row[At.eint] = figures[FrontendStat.internalErrors];
  row[At.ssl_sess] = figures[FrontendStat.sslSessions];
  row[At.ssl_reused_sess] = figures[FrontendStat.sslReusedSessions];
  row[At.ssl_failed_handshake] = figures[FrontendStat.sslFailedHandshakes];
  fillMultiplexed(row, figures, FrontendStat);
  row[At.h1_open_connections] = isHttp ? gauges.sum(FrontendGauge.sessions) : 0;
  row[At.h1_open_streams] = gauges.sum(FrontendGauge.h1Streams);
  // Every connection and every request of mode http is one of HTTP/1.
  row[At.h1_total_connections] = isHttp ? figures[FrontendStat.connections] : 0;
  row[At.h1_total_streams] = isHttp ? figures[FrontendStat.requests] : 0;
  row[At.h1_bytes_in] = isHttp ? figures[FrontendStat.bytesIn] : 0;
  row[At.h1_bytes_out] = isHttp ? figures[FrontendStat.bytesOut] : 0;
  row[At.h2_open_connections] = gauges.sum(FrontendGauge.h2Connections);
  row[At.h2_backend_open_streams] = gauges.sum(FrontendGauge.h2Streams);
  return row;
}

/** After `disable frontend` and `shutdown frontend`; listeners stay as they were, as on HAProxy. */
const FRONTEND_STATUS = { open: 'OPEN', disabled: 'PAUSED', shut: 'STOP' } as const;

export function listenerRow(runtime: Runtime, proxy: Proxy, listener: ListenerPlan): Row {
  const { slot } = listener;
  const figures = runtime.statistics.peek('listener', slot);
  const gauges = new GaugeReader(runtime.segment, 'listener', slot);
  const maxconn = proxy.binds[listener.bind].maxconn ?? 0;
  const row = newRow();
  row[At.pxname] = proxy.name;
  row[At.svname] = listener.name ?? `sock-${listener.id}`;
  row[At.status] = runtime.stopping()
    ? 'STOP'
    : maxconn > 0 && gauges.sum(ListenerGauge.sessions) >= maxconn
      ? 'FULL'
      : 'OPEN';
  row[At.type] = ROW_TYPE.listener;
  row[At.mode] = proxy.mode;
  row[At.pid] = PROCESS_NUMBER;
  row[At.iid] = proxy.id;
  row[At.sid] = listener.id;
  row[At.addr] = listenerAddress(listener);
  row[At.scur] = gauges.sum(ListenerGauge.sessions);
  row[At.smax] = gauges.highest(ListenerGauge.sessions);
  row[At.slim] = maxconn;
  row[At.stot] = figures[ListenerStat.sessions];
  row[At.bin] = figures[ListenerStat.bytesIn];
  row[At.bout] = figures[ListenerStat.bytesOut];
  row[At.dreq] = figures[ListenerStat.deniedRequests];
  row[At.dresp] = figures[ListenerStat.deniedResponses];
  row[At.ereq] = figures[ListenerStat.failedRequests];
  row[At.dcon] = figures[ListenerStat.deniedConnections];
  row[At.dses] = figures[ListenerStat.deniedSessions];
  row[At.wrew] = figures[ListenerStat.failedRewrites];
  row[At.eint] = figures[ListenerStat.internalErrors];
  row[At.ssl_sess] = figures[ListenerStat.sslSessions];
  row[At.ssl_reused_sess] = figures[ListenerStat.sslReusedSessions];
  row[At.ssl_failed_handshake] = figures[ListenerStat.sslFailedHandshakes];
  return row;
}

export function serverRow(runtime: Runtime, proxy: Proxy, backendSlot: number, server: Server, slot: number): Row {
  const figures = runtime.statistics.peek('server', slot);
  const now = runtime.monotonicNow();
  const state = new ServerState(runtime.segment, slot);
  const watched = runtime.health.server(slot);
  const gauges = new GaugeReader(runtime.segment, 'server', slot);
  const sessionRate = rate(runtime, 'server', slot, ServerRate.sessions);
  const queue = new Admission(runtime.health.tickets, backendSlot).serverQueue(slot);
  const weight = shownWeight(state.get('effectiveWeight'));
  const row = newRow();
  if (proxy.mode === 'http') {
    fillAnswers(row, figures, ServerStat);
    row[At.req_tot] = figures[ServerStat.requests];
  }
  fillHealth(row, runtime, watched, state, server);
  row[At.pxname] = proxy.name;
  row[At.svname] = server.name;
  row[At.type] = ROW_TYPE.server;
  row[At.mode] = proxy.mode;
  row[At.addr] = serverAddress(server, watched);
  row[At.pid] = PROCESS_NUMBER;
  row[At.iid] = proxy.id;
  row[At.sid] = server.id;
  row[At.qcur] = queue.length;
  row[At.qmax] = queue.highest;
  row[At.scur] = gauges.sum(ServerGauge.sessions);
  row[At.smax] = gauges.highest(ServerGauge.sessions);
  row[At.slim] = state.get('maxconn') || undefined;
  row[At.qlimit] = server.maxqueue;
  row[At.stot] = figures[ServerStat.sessions];
  row[At.bin] = figures[ServerStat.bytesIn];
  row[At.bout] = figures[ServerStat.bytesOut];
  row[At.dresp] = figures[ServerStat.deniedResponses];
  row[At.econ] = figures[ServerStat.failedConnects];
  row[At.eresp] = figures[ServerStat.failedResponses];
  row[At.wretr] = figures[ServerStat.retries];
  row[At.wredis] = figures[ServerStat.redispatches];
  row[At.weight] = weight;
  row[At.uweight] = state.get('userWeight');
  row[At.act] = server.backup ? 0 : 1;
  row[At.bck] = server.backup ? 1 : 0;
  row[At.lbtot] = figures[ServerStat.loadBalanced];
  row[At.rate] = sessionRate.rate(now);
  row[At.rate_max] = sessionRate.highest();
  row[At.cli_abrt] = figures[ServerStat.clientAborts];
  row[At.srv_abrt] = figures[ServerStat.serverAborts];
  row[At.lastsess] = secondsSince(runtime, figures[ServerStat.lastSessionMs]);
  fillTimes(row, figures, ServerStat);
  row[At.wrew] = figures[ServerStat.failedRewrites];
  row[At.connect] = figures[ServerStat.connects];
  row[At.reuse] = figures[ServerStat.reuses];
  row[At.eint] = figures[ServerStat.internalErrors];
  row[At.srv_icur] = gauges.sum(ServerGauge.idleConnections);
  row[At.src_ilim] = server.poolMaxConn >= 0 ? server.poolMaxConn : undefined;
  row[At.idle_conn_cur] = gauges.sum(ServerGauge.idleConnections);
  row[At.safe_conn_cur] = gauges.sum(ServerGauge.safeConnections);
  row[At.used_conn_cur] = gauges.sum(ServerGauge.usedConnections);
  row[At.need_conn_est] = gauges.highest(ServerGauge.usedConnections);
  row[At.ssl_sess] = figures[ServerStat.sslSessions];
  row[At.ssl_reused_sess] = figures[ServerStat.sslReusedSessions];
  row[At.ssl_failed_handshake] = figures[ServerStat.sslFailedHandshakes];
  return row;
}

/** `fullconn`: as `fullconns` of the plan says. */
export function backendRow(
  runtime: Runtime,
  proxy: Proxy,
  slot: number,
  serverSlots: readonly number[],
  fullconn: number,
): Row {
  const figures = runtime.statistics.peek('backend', slot);
  const now = runtime.monotonicNow();
  const gauges = new GaugeReader(runtime.segment, 'backend', slot);
  const sessionRate = rate(runtime, 'backend', slot, BackendRate.sessions);
  const state = new BackendState(runtime.segment, slot);
  const queue = new Admission(runtime.health.tickets, slot).backendQueue();
  const usable = usableServers(runtime, proxy, serverSlots);
  const up = usable.active + usable.backup > 0 || proxy.servers.length === 0;
  const isHttp = proxy.mode === 'http';
  const row = newRow();
  if (isHttp) {
    fillAnswers(row, figures, BackendStat);
    row[At.req_tot] = figures[BackendStat.requests];
    row[At.cache_lookups] = figures[BackendStat.cacheLookups];
    row[At.cache_hits] = figures[BackendStat.cacheHits];
  }
  row[At.pxname] = proxy.name;
  row[At.svname] = 'BACKEND';
  row[At.status] = up ? 'UP' : 'DOWN';
  row[At.type] = ROW_TYPE.backend;
  row[At.mode] = proxy.mode;
  row[At.algo] = algorithmText(proxy);
  row[At.pid] = PROCESS_NUMBER;
  row[At.iid] = proxy.id;
  row[At.sid] = 0;
  row[At.qcur] = queue.length;
  row[At.qmax] = queue.highest;
  row[At.scur] = gauges.sum(BackendGauge.sessions);
  row[At.smax] = gauges.highest(BackendGauge.sessions);
  row[At.slim] = fullconn;
  row[At.stot] = figures[BackendStat.sessions];
  row[At.bin] = figures[BackendStat.bytesIn];
  row[At.bout] = figures[BackendStat.bytesOut];
  row[At.dreq] = figures[BackendStat.deniedRequests];
  row[At.dresp] = figures[BackendStat.deniedResponses];
  row[At.econ] = figures[BackendStat.failedConnects];
  row[At.eresp] = figures[BackendStat.failedResponses];
  row[At.wretr] = figures[BackendStat.retries];
  row[At.wredis] = figures[BackendStat.redispatches];
  row[At.weight] = usable.weight;
  row[At.uweight] = usable.userWeight;
  row[At.act] = usable.active;
  row[At.bck] = usable.backup;
  row[At.chkdown] = state.transitionsDown();
  row[At.lastchg] = secondsSince(runtime, state.lastChangeMs());
  row[At.downtime] =
    proxy.servers.length === 0
      ? undefined
      : Math.floor((state.downMs() + (up ? 0 : Math.max(0, runtime.dateNow() - state.lastChangeMs()))) / 1000);
  row[At.lbtot] = figures[BackendStat.loadBalanced];
  row[At.rate] = sessionRate.rate(now);
  row[At.rate_max] = sessionRate.highest();
  row[At.cli_abrt] = figures[BackendStat.clientAborts];
  row[At.srv_abrt] = figures[BackendStat.serverAborts];
  row[At.comp_in] = figures[BackendStat.compressIn];
  row[At.comp_out] = figures[BackendStat.compressOut];
  row[At.comp_byp] = figures[BackendStat.compressBypassed];
  row[At.comp_rsp] = figures[BackendStat.compressedResponses];
  row[At.lastsess] = secondsSince(runtime, figures[BackendStat.lastSessionMs]);
  fillTimes(row, figures, BackendStat);
  row[At.wrew] = figures[BackendStat.failedRewrites];
  row[At.connect] = figures[BackendStat.connects];
  row[At.reuse] = figures[BackendStat.reuses];
  row[At.eint] = figures[BackendStat.internalErrors];
  row[At.agg_server_status] = 0;
  row[At.agg_server_check_status] = 0;
  row[At.agg_check_status] = 0;
  row[At.ssl_sess] = figures[BackendStat.sslSessions];
  row[At.ssl_reused_sess] = figures[BackendStat.sslReusedSessions];
  row[At.ssl_failed_handshake] = figures[BackendStat.sslFailedHandshakes];
  fillMultiplexed(row, figures, BackendStat);
  row[At.h1_open_connections] = isHttp ? openConnections(runtime, serverSlots) : 0;
  row[At.h1_open_streams] = gauges.sum(BackendGauge.h1Streams);
  row[At.h1_total_connections] = isHttp ? figures[BackendStat.connects] : 0;
  row[At.h1_total_streams] = isHttp ? figures[BackendStat.connects] + figures[BackendStat.reuses] : 0;
  row[At.h1_bytes_in] = isHttp ? figures[BackendStat.bytesOut] : 0;
  row[At.h1_bytes_out] = isHttp ? figures[BackendStat.bytesIn] : 0;
  row[At.h2_open_connections] = gauges.sum(BackendGauge.h2Connections);
  row[At.h2_backend_open_streams] = gauges.sum(BackendGauge.h2Streams);
  return row;
}

/** To all servers, in use and idle. */
function openConnections(runtime: Runtime, slots: readonly number[]): number {
  let sum = 0;
  for (const slot of slots) {
    const gauges = new GaugeReader(runtime.segment, 'server', slot);
    sum += gauges.sum(ServerGauge.usedConnections);
    sum += gauges.sum(ServerGauge.idleConnections);
    sum += gauges.sum(ServerGauge.safeConnections);
  }
  return sum;
}

function fillHealth(
  row: Row,
  runtime: Runtime,
  watched: WatchedServer | undefined,
  state: ServerState,
  server: Server,
): void {
  if (watched === undefined) {
    row[At.status] = 'no check';
    row[At.lastchg] = 0;
    return;
  }
  const view = watched.view();
  const checked = checkFields(view);
  row[At.check_status] = checked.check_status;
  row[At.check_code] = checked.check_code;
  row[At.check_duration] = checked.check_duration;
  row[At.check_desc] = checked.check_desc;
  row[At.check_health] = checked.check_health;
  row[At.check_rise] = checked.check_rise;
  row[At.check_fall] = checked.check_fall;
  if (server.check) {
    if (server.observe !== undefined) row[At.hanafail] = state.get('observedFailures');
    row[At.chkfail] = state.get('checksFailed');
    row[At.chkdown] = state.get('transitionsDown');
    row[At.downtime] = Math.floor(downMs(runtime, state, view.operational) / 1000);
    row[At.last_chk] = watched.lastInfo;
  }
  const agent = agentFields(view);
  row[At.agent_status] = agent.agent_status;
  row[At.agent_code] = agent.agent_code;
  row[At.agent_duration] = agent.agent_duration;
  row[At.agent_desc] = agent.agent_desc;
  row[At.agent_health] = agent.agent_health;
  row[At.agent_rise] = agent.agent_rise;
  row[At.agent_fall] = agent.agent_fall;
  if (watched.agent.isEnabled) row[At.last_agt] = watched.agent.lastInfo;
  row[At.status] = statusText(view);
  row[At.lastchg] = secondsSince(runtime, state.time('lastChangeMs'));
  row[At.tracked] = view.trackedName;
  if (view.operational === OperationalState.starting)
    row[At.throttle] = throttlePercent(state.get('userWeight'), state.get('effectiveWeight'));
}

/** In all, the time since it went down included. */
function downMs(runtime: Runtime, state: ServerState, operational: number): number {
  const past = state.time('downMs');
  return operational === OperationalState.stopped
    ? past + Math.max(0, runtime.dateNow() - state.time('lastChangeMs'))
    : past;
}

/** Servers that may get new streams: backups count only where no active one is left, as they then serve. */
function usableServers(
  runtime: Runtime,
  proxy: Proxy,
  slots: readonly number[],
): { active: number; backup: number; weight: number; userWeight: number } {
  const sum = { active: 0, backup: 0, activeWeight: 0, backupWeight: 0 };
  for (const [index, server] of proxy.servers.entries()) {
    const state = new ServerState(runtime.segment, slots[index]);
    if (!state.isEligible()) continue;
    const weight = state.get('effectiveWeight');
    if (server.backup) {
      sum.backup++;
      // Only the first backup serves unless `option allbackups` is set.
      if (proxy.options.allbackups || sum.backupWeight === 0) sum.backupWeight += weight;
    } else {
      sum.active++;
      sum.activeWeight += weight;
    }
  }
  const weight = shownWeight(sum.active > 0 ? sum.activeWeight : sum.backupWeight);
  return { active: sum.active, backup: sum.backup, weight, userWeight: weight };
}

function fillAnswers(row: Row, figures: Float64Array, places: AnswerFields): void {
  row[At.hrsp_1xx] = figures[places.responses1xx];
  row[At.hrsp_2xx] = figures[places.responses2xx];
  row[At.hrsp_3xx] = figures[places.responses3xx];
  row[At.hrsp_4xx] = figures[places.responses4xx];
  row[At.hrsp_5xx] = figures[places.responses5xx];
  row[At.hrsp_other] = figures[places.responsesOther];
}

function fillTimes(row: Row, figures: Float64Array, places: typeof ServerStat | typeof BackendStat): void {
  row[At.qtime] = Math.round(figures[places.queueTime]);
  row[At.ctime] = Math.round(figures[places.connectTime]);
  row[At.rtime] = Math.round(figures[places.responseTime]);
  row[At.ttime] = Math.round(figures[places.totalTime]);
  row[At.qtime_max] = Math.round(figures[places.queueTimeMax]);
  row[At.ctime_max] = Math.round(figures[places.connectTimeMax]);
  row[At.rtime_max] = Math.round(figures[places.responseTimeMax]);
  row[At.ttime_max] = Math.round(figures[places.totalTimeMax]);
}

function fillMultiplexed(row: Row, figures: Float64Array, places: typeof FrontendStat | typeof BackendStat): void {
  row[At.h2_headers_rcvd] = figures[places.h2HeadersReceived];
  row[At.h2_data_rcvd] = figures[places.h2DataReceived];
  row[At.h2_settings_rcvd] = figures[places.h2SettingsReceived];
  row[At.h2_rst_stream_rcvd] = figures[places.h2ResetsReceived];
  row[At.h2_goaway_rcvd] = figures[places.h2GoawaysReceived];
  row[At.h2_detected_conn_protocol_errors] = figures[places.h2ConnectionErrors];
  row[At.h2_detected_strm_protocol_errors] = figures[places.h2StreamErrors];
  row[At.h2_rst_stream_resp] = figures[places.h2ResetsSent];
  row[At.h2_goaway_resp] = figures[places.h2GoawaysSent];
  row[At.h2_total_connections] = figures[places.h2Connections];
  row[At.h2_backend_total_streams] = figures[places.h2Streams];
  row[At.h1_spliced_bytes_in] = 0;
  row[At.h1_spliced_bytes_out] = 0;
}

function rate(runtime: Runtime, kind: ObjectKind, slot: number, index: number): FrequencyCounter {
  return new FrequencyCounter(runtime.segment, kind, slot, index);
}

/** Whole seconds since an epoch time; -1 where it never was. */
function secondsSince(runtime: Runtime, epochMs: number): number {
  return epochMs === 0 ? -1 : Math.max(0, Math.floor((runtime.dateNow() - epochMs) / 1000));
}

/** HAProxy 2.6 has no word for `balance random` there. */
function algorithmText({ balance }: Proxy): string {
  return balance.algorithm === 'random' ? 'unknown' : balance.algorithm;
}

/** An inherited socket is shown by the address that it is bound to. */
function listenerAddress({ address, text }: ListenerPlan): string {
  const name = address.kind === 'fd' && isOpen(address.fd) ? getSocketName(address.fd) : undefined;
  if (name === undefined) return text;
  if (name.family === 'unix') return 'unix';
  return `${name.family === 'ipv6' ? `[${name.address}]` : name.address}:${name.port}`;
}

/** Where it is reached now; empty while it has no address. */
function serverAddress({ address }: Server, watched: WatchedServer | undefined): string {
  if (address.kind === 'inet') {
    const host = watched?.address ?? '';
    const port = watched?.server.given?.port ?? address.port?.first ?? 0;
    return host === '' ? '' : `${host.includes(':') ? `[${host}]` : host}:${port}`;
  }
  return address.kind === 'unix' ? 'unix' : address.kind === 'abstract' ? 'abns' : 'fd';
}
