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
  ListenerGauge,
  ListenerStat,
  OperationalState,
  ServerGauge,
  ServerRate,
  ServerStat,
  ServerState,
  SharedCount,
} from '@evenkeel/shm';
import type { ObjectKind } from '@evenkeel/shm';
import { getSocketName, isOpen } from '@evenkeel/sys';
import { frontendLimit } from './limit-commands.ts';
import type { Runtime } from './runtime.ts';
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
  const figures = runtime.statistics.read('frontend', slot);
  const now = runtime.monotonicNow();
  const sessions = gauge(runtime, 'frontend', slot, FrontendGauge.sessions);
  const sessionRate = rate(runtime, 'frontend', slot, FrontendRate.sessions);
  const connectionRate = rate(runtime, 'frontend', slot, FrontendRate.connections);
  const requestRate = rate(runtime, 'frontend', slot, FrontendRate.requests);
  const field = (name: keyof typeof FrontendStat): number => figures[FrontendStat[name]];
  const isHttp = proxy.mode === 'http';
  const http: Row = !isHttp
    ? {}
    : {
        ...answers(figures, FrontendStat),
        intercepted: field('intercepted'),
        cache_lookups: field('cacheLookups'),
        cache_hits: field('cacheHits'),
      };
  return {
    ...http,
    pxname: proxy.name,
    svname: 'FRONTEND',
    status: runtime.stopping() ? 'STOP' : FRONTEND_STATUS[new FrontendState(runtime.segment, slot).condition],
    type: ROW_TYPE.frontend,
    mode: proxy.mode,
    pid: PROCESS_NUMBER,
    iid: proxy.id,
    sid: 0,
    scur: sessions.sum(),
    smax: sessions.highest(),
    slim: frontendLimit(runtime, proxy, slot),
    stot: field('sessions'),
    bin: field('bytesIn'),
    bout: field('bytesOut'),
    dreq: field('deniedRequests'),
    dresp: field('deniedResponses'),
    ereq: field('failedRequests'),
    rate: sessionRate.rate(now),
    rate_lim: proxy.rateLimitSessions ?? 0,
    rate_max: sessionRate.highest(),
    comp_in: field('compressIn'),
    comp_out: field('compressOut'),
    comp_byp: field('compressBypassed'),
    comp_rsp: field('compressedResponses'),
    req_rate: requestRate.rate(now),
    req_rate_max: requestRate.highest(),
    req_tot: field('requests'),
    conn_rate: connectionRate.rate(now),
    conn_rate_max: connectionRate.highest(),
    conn_tot: field('connections'),
    dcon: field('deniedConnections'),
    dses: field('deniedSessions'),
    wrew: field('failedRewrites'),
    eint: field('internalErrors'),
    ssl_sess: field('sslSessions'),
    ssl_reused_sess: field('sslReusedSessions'),
    ssl_failed_handshake: field('sslFailedHandshakes'),
    ...multiplexed(figures, FrontendStat),
    h1_open_connections: isHttp ? sessions.sum() : 0,
    h1_open_streams: gauge(runtime, 'frontend', slot, FrontendGauge.h1Streams).sum(),
    // Every connection and every request of mode http is one of HTTP/1.
    h1_total_connections: isHttp ? field('connections') : 0,
    h1_total_streams: isHttp ? field('requests') : 0,
    h1_bytes_in: isHttp ? field('bytesIn') : 0,
    h1_bytes_out: isHttp ? field('bytesOut') : 0,
    h2_open_connections: gauge(runtime, 'frontend', slot, FrontendGauge.h2Connections).sum(),
    h2_backend_open_streams: gauge(runtime, 'frontend', slot, FrontendGauge.h2Streams).sum(),
  };
}

/** After `disable frontend` and `shutdown frontend`; listeners stay as they were, as on HAProxy. */
const FRONTEND_STATUS = { open: 'OPEN', disabled: 'PAUSED', shut: 'STOP' } as const;

export function listenerRow(runtime: Runtime, proxy: Proxy, listener: ListenerPlan): Row {
  const { slot } = listener;
  const figures = runtime.statistics.read('listener', slot);
  const sessions = gauge(runtime, 'listener', slot, ListenerGauge.sessions);
  const maxconn = proxy.binds[listener.bind].maxconn ?? 0;
  const field = (name: keyof typeof ListenerStat): number => figures[ListenerStat[name]];
  return {
    pxname: proxy.name,
    svname: listener.name ?? `sock-${listener.id}`,
    status: runtime.stopping() ? 'STOP' : maxconn > 0 && sessions.sum() >= maxconn ? 'FULL' : 'OPEN',
    type: ROW_TYPE.listener,
    mode: proxy.mode,
    pid: PROCESS_NUMBER,
    iid: proxy.id,
    sid: listener.id,
    addr: listenerAddress(listener),
    scur: sessions.sum(),
    smax: sessions.highest(),
    slim: maxconn,
    stot: field('sessions'),
    bin: field('bytesIn'),
    bout: field('bytesOut'),
    dreq: field('deniedRequests'),
    dresp: field('deniedResponses'),
    ereq: field('failedRequests'),
    dcon: field('deniedConnections'),
    dses: field('deniedSessions'),
    wrew: field('failedRewrites'),
    eint: field('internalErrors'),
    ssl_sess: field('sslSessions'),
    ssl_reused_sess: field('sslReusedSessions'),
    ssl_failed_handshake: field('sslFailedHandshakes'),
  };
}

export function serverRow(runtime: Runtime, proxy: Proxy, backendSlot: number, server: Server, slot: number): Row {
  const figures = runtime.statistics.read('server', slot);
  const now = runtime.monotonicNow();
  const state = new ServerState(runtime.segment, slot);
  const watched = runtime.health.server(slot);
  const sessions = gauge(runtime, 'server', slot, ServerGauge.sessions);
  const sessionRate = rate(runtime, 'server', slot, ServerRate.sessions);
  const queue = new Admission(runtime.health.tickets, backendSlot).serverQueue(slot);
  const field = (name: keyof typeof ServerStat): number => figures[ServerStat[name]];
  const weight = shownWeight(state.get('effectiveWeight'));
  return {
    ...(proxy.mode === 'http' ? { ...answers(figures, ServerStat), req_tot: field('requests') } : {}),
    ...healthColumns(runtime, watched, state, server),
    pxname: proxy.name,
    svname: server.name,
    type: ROW_TYPE.server,
    mode: proxy.mode,
    addr: serverAddress(server, watched),
    pid: PROCESS_NUMBER,
    iid: proxy.id,
    sid: server.id,
    qcur: queue.length,
    qmax: queue.highest,
    scur: sessions.sum(),
    smax: sessions.highest(),
    slim: state.get('maxconn') || undefined,
    qlimit: server.maxqueue,
    stot: field('sessions'),
    bin: field('bytesIn'),
    bout: field('bytesOut'),
    dresp: field('deniedResponses'),
    econ: field('failedConnects'),
    eresp: field('failedResponses'),
    wretr: field('retries'),
    wredis: field('redispatches'),
    weight,
    uweight: state.get('userWeight'),
    act: server.backup ? 0 : 1,
    bck: server.backup ? 1 : 0,
    lbtot: field('loadBalanced'),
    rate: sessionRate.rate(now),
    rate_max: sessionRate.highest(),
    cli_abrt: field('clientAborts'),
    srv_abrt: field('serverAborts'),
    lastsess: secondsSince(runtime, field('lastSessionMs')),
    ...times(figures, ServerStat),
    wrew: field('failedRewrites'),
    connect: field('connects'),
    reuse: field('reuses'),
    eint: field('internalErrors'),
    srv_icur: gauge(runtime, 'server', slot, ServerGauge.idleConnections).sum(),
    src_ilim: server.poolMaxConn >= 0 ? server.poolMaxConn : undefined,
    idle_conn_cur: gauge(runtime, 'server', slot, ServerGauge.idleConnections).sum(),
    safe_conn_cur: gauge(runtime, 'server', slot, ServerGauge.safeConnections).sum(),
    used_conn_cur: gauge(runtime, 'server', slot, ServerGauge.usedConnections).sum(),
    need_conn_est: gauge(runtime, 'server', slot, ServerGauge.usedConnections).highest(),
    ssl_sess: field('sslSessions'),
    ssl_reused_sess: field('sslReusedSessions'),
    ssl_failed_handshake: field('sslFailedHandshakes'),
  };
}

/** `fullconn`: as `fullconns` of the plan says. */
export function backendRow(
  runtime: Runtime,
  proxy: Proxy,
  slot: number,
  serverSlots: readonly number[],
  fullconn: number,
): Row {
  const figures = runtime.statistics.read('backend', slot);
  const now = runtime.monotonicNow();
  const sessions = gauge(runtime, 'backend', slot, BackendGauge.sessions);
  const sessionRate = rate(runtime, 'backend', slot, BackendRate.sessions);
  const state = new BackendState(runtime.segment, slot);
  const queue = new Admission(runtime.health.tickets, slot).backendQueue();
  const field = (name: keyof typeof BackendStat): number => figures[BackendStat[name]];
  const usable = usableServers(runtime, proxy, serverSlots);
  const up = usable.active + usable.backup > 0 || proxy.servers.length === 0;
  const isHttp = proxy.mode === 'http';
  const http: Row = !isHttp
    ? {}
    : {
        ...answers(figures, BackendStat),
        req_tot: field('requests'),
        cache_lookups: field('cacheLookups'),
        cache_hits: field('cacheHits'),
      };
  return {
    ...http,
    pxname: proxy.name,
    svname: 'BACKEND',
    status: up ? 'UP' : 'DOWN',
    type: ROW_TYPE.backend,
    mode: proxy.mode,
    algo: algorithmText(proxy),
    pid: PROCESS_NUMBER,
    iid: proxy.id,
    sid: 0,
    qcur: queue.length,
    qmax: queue.highest,
    scur: sessions.sum(),
    smax: sessions.highest(),
    slim: fullconn,
    stot: field('sessions'),
    bin: field('bytesIn'),
    bout: field('bytesOut'),
    dreq: field('deniedRequests'),
    dresp: field('deniedResponses'),
    econ: field('failedConnects'),
    eresp: field('failedResponses'),
    wretr: field('retries'),
    wredis: field('redispatches'),
    weight: usable.weight,
    uweight: usable.userWeight,
    act: usable.active,
    bck: usable.backup,
    chkdown: state.transitionsDown(),
    lastchg: secondsSince(runtime, state.lastChangeMs()),
    downtime:
      proxy.servers.length === 0
        ? undefined
        : Math.floor((state.downMs() + (up ? 0 : Math.max(0, runtime.dateNow() - state.lastChangeMs()))) / 1000),
    lbtot: field('loadBalanced'),
    rate: sessionRate.rate(now),
    rate_max: sessionRate.highest(),
    cli_abrt: field('clientAborts'),
    srv_abrt: field('serverAborts'),
    comp_in: field('compressIn'),
    comp_out: field('compressOut'),
    comp_byp: field('compressBypassed'),
    comp_rsp: field('compressedResponses'),
    lastsess: secondsSince(runtime, field('lastSessionMs')),
    ...times(figures, BackendStat),
    wrew: field('failedRewrites'),
    connect: field('connects'),
    reuse: field('reuses'),
    eint: field('internalErrors'),
    agg_server_status: 0,
    agg_server_check_status: 0,
    agg_check_status: 0,
    ssl_sess: field('sslSessions'),
    ssl_reused_sess: field('sslReusedSessions'),
    ssl_failed_handshake: field('sslFailedHandshakes'),
    ...multiplexed(figures, BackendStat),
    h1_open_connections: isHttp ? openConnections(runtime, serverSlots) : 0,
    h1_open_streams: gauge(runtime, 'backend', slot, BackendGauge.h1Streams).sum(),
    h1_total_connections: isHttp ? field('connects') : 0,
    h1_total_streams: isHttp ? field('connects') + field('reuses') : 0,
    h1_bytes_in: isHttp ? field('bytesOut') : 0,
    h1_bytes_out: isHttp ? field('bytesIn') : 0,
    h2_open_connections: gauge(runtime, 'backend', slot, BackendGauge.h2Connections).sum(),
    h2_backend_open_streams: gauge(runtime, 'backend', slot, BackendGauge.h2Streams).sum(),
  };
}

/** To all servers, in use and idle. */
function openConnections(runtime: Runtime, slots: readonly number[]): number {
  let sum = 0;
  for (const slot of slots) {
    sum += gauge(runtime, 'server', slot, ServerGauge.usedConnections).sum();
    sum += gauge(runtime, 'server', slot, ServerGauge.idleConnections).sum();
    sum += gauge(runtime, 'server', slot, ServerGauge.safeConnections).sum();
  }
  return sum;
}

function healthColumns(runtime: Runtime, watched: WatchedServer | undefined, state: ServerState, server: Server): Row {
  if (watched === undefined) return { status: 'no check', lastchg: 0 };
  const view = watched.view();
  const checked: Row = server.check
    ? {
        hanafail: server.observe === undefined ? undefined : state.get('observedFailures'),
        chkfail: state.get('checksFailed'),
        chkdown: state.get('transitionsDown'),
        downtime: Math.floor(downMs(runtime, state, view.operational) / 1000),
        last_chk: watched.lastInfo,
      }
    : {};
  return {
    ...checkFields(view),
    ...checked,
    ...agentFields(view),
    last_agt: watched.agent.isEnabled ? watched.agent.lastInfo : '',
    status: statusText(view),
    lastchg: secondsSince(runtime, state.time('lastChangeMs')),
    tracked: view.trackedName,
    throttle:
      view.operational === OperationalState.starting
        ? throttlePercent(state.get('userWeight'), state.get('effectiveWeight'))
        : undefined,
  };
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

function answers(figures: Float64Array, places: AnswerFields): Row {
  return {
    hrsp_1xx: figures[places.responses1xx],
    hrsp_2xx: figures[places.responses2xx],
    hrsp_3xx: figures[places.responses3xx],
    hrsp_4xx: figures[places.responses4xx],
    hrsp_5xx: figures[places.responses5xx],
    hrsp_other: figures[places.responsesOther],
  };
}

function times(figures: Float64Array, places: typeof ServerStat | typeof BackendStat): Row {
  return {
    qtime: Math.round(figures[places.queueTime]),
    ctime: Math.round(figures[places.connectTime]),
    rtime: Math.round(figures[places.responseTime]),
    ttime: Math.round(figures[places.totalTime]),
    qtime_max: Math.round(figures[places.queueTimeMax]),
    ctime_max: Math.round(figures[places.connectTimeMax]),
    rtime_max: Math.round(figures[places.responseTimeMax]),
    ttime_max: Math.round(figures[places.totalTimeMax]),
  };
}

function multiplexed(figures: Float64Array, places: typeof FrontendStat | typeof BackendStat): Row {
  return {
    h2_headers_rcvd: figures[places.h2HeadersReceived],
    h2_data_rcvd: figures[places.h2DataReceived],
    h2_settings_rcvd: figures[places.h2SettingsReceived],
    h2_rst_stream_rcvd: figures[places.h2ResetsReceived],
    h2_goaway_rcvd: figures[places.h2GoawaysReceived],
    h2_detected_conn_protocol_errors: figures[places.h2ConnectionErrors],
    h2_detected_strm_protocol_errors: figures[places.h2StreamErrors],
    h2_rst_stream_resp: figures[places.h2ResetsSent],
    h2_goaway_resp: figures[places.h2GoawaysSent],
    h2_total_connections: figures[places.h2Connections],
    h2_backend_total_streams: figures[places.h2Streams],
    h1_spliced_bytes_in: 0,
    h1_spliced_bytes_out: 0,
  };
}

function gauge(runtime: Runtime, kind: ObjectKind, slot: number, index: number): SharedCount {
  return new SharedCount(runtime.segment, kind, slot, index);
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
