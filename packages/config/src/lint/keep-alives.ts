/**
 * `idle-timeout`: time-outs that end connections which their protocol would have kept. Clients of databases and brokers hold
 * connections open and idle; a proxy that ends one is noticed at the next statement only ("MySQL server has gone away").
 * TCP keep-alives do not help: time-outs of a proxy count data.
 */

import { describeKind } from '../draft.ts';
import type { Config, Proxy, Timeouts } from '../model.ts';
import { AMQP_PORT, MYSQL_PORT, POSTGRESQL_PORT, listensOn, serverPort } from './ports.ts';
import type { ReportLint } from './index.ts';
import type { Places } from './places.ts';

interface IdleProtocol {
  readonly name: string;
  readonly port: number;
  /** For how long a healthy connection may carry no data at all, by default. */
  readonly silentMs: number;
  /** Who says so. */
  readonly because: string;
  /** The time as the file would have it. */
  readonly written: string;
  readonly otherwise: string;
}

const PROTOCOLS: readonly IdleProtocol[] = [
  {
    name: 'MySQL',
    port: MYSQL_PORT,
    silentMs: 28_800_000,
    // MySQL manual, server system variables; MariaDB has the same default.
    because: "the server keeps them for 8 hours ('wait_timeout')",
    written: '8h',
    otherwise: 'let clients drop idle connections before',
  },
  {
    name: 'PostgreSQL',
    port: POSTGRESQL_PORT,
    silentMs: 7_200_000,
    // PostgreSQL manual, "tcp_keepalives_idle": 0, the system's, which is 2 hours on Linux (tcp(7), tcp_keepalive_time).
    because: "the server asks after 2 hours whether an idle client still lives ('tcp_keepalives_idle')",
    written: '2h',
    otherwise: 'let clients drop idle connections before',
  },
  {
    name: 'AMQP',
    port: AMQP_PORT,
    silentMs: 60_000,
    // RabbitMQ manual, "Detecting Dead TCP Connections with Heartbeats": the time-out is 60 s, a frame is sent every half of it.
    because: 'a peer may be silent for the heartbeat time-out, 60 s',
    written: '3h',
    otherwise: 'let clients ask for a shorter heartbeat',
  },
];

type Side = 'client' | 'server' | 'tunnel';

export function lintKeepAlives(config: Config, places: Places, report: ReportLint): void {
  const backends = new Map(
    config.proxies.filter(({ kind }) => kind !== 'frontend').map((proxy) => [proxy.name, proxy]),
  );
  for (const proxy of config.proxies) {
    if (proxy.disabled || proxy.mode !== 'tcp') continue;
    const targets = targetsOf(proxy, backends);
    for (const protocol of PROTOCOLS) {
      for (const side of shortSides(proxy, targets, protocol)) complain(proxy, side, protocol, places, report);
    }
  }
}

/** The backends that a proxy is known to send connections to; itself for a `listen`. */
function targetsOf(proxy: Proxy, backends: ReadonlyMap<string, Proxy>): readonly Proxy[] {
  const names = [proxy.defaultBackend, ...proxy.useBackend.map(({ target }) => target)];
  const targets = names.flatMap((name) => (typeof name === 'string' ? (backends.get(name) ?? []) : []));
  return proxy.kind === 'listen' && proxy.servers.length > 0 ? [proxy, ...targets] : targets;
}

/** Which time-outs of the proxy itself are too short for a protocol that passes here. */
function shortSides(proxy: Proxy, targets: readonly Proxy[], { port, silentMs }: IdleProtocol): readonly Side[] {
  const isShort = (side: Side): boolean => (proxy.timeouts[side] ?? Infinity) < silentMs;
  const sides: Side[] = [];
  const serves = speaksTo(proxy, port);
  const listens = proxy.binds.some((bind) => listensOn(bind, port));
  // Manual "timeout tunnel": in TCP it supersedes both other ones, and it is the backend's.
  const isSuperseded = targets.length > 0 && targets.every(({ timeouts }) => timeouts.tunnel !== undefined);
  if ((listens || targets.some((target) => speaksTo(target, port))) && !isSuperseded && isShort('client'))
    sides.push('client');
  if (!serves && !(listens && proxy.servers.length > 0)) return sides;
  if (proxy.timeouts.tunnel !== undefined) return isShort('tunnel') ? [...sides, 'tunnel'] : sides;
  return isShort('server') ? [...sides, 'server'] : sides;
}

function speaksTo({ servers }: Proxy, port: number): boolean {
  return servers.some((server) => serverPort(server) === port);
}

function complain(
  proxy: Proxy,
  side: Side,
  { because, name, otherwise, written }: IdleProtocol,
  places: Places,
  report: ReportLint,
): void {
  const { at, keyword } = places.of(proxy, 'timeout', side);
  const message = `${describeKind(proxy.kind)} '${proxy.name}': 'timeout ${side}' ends ${name} connections that were idle for ${spoken(proxy.timeouts, side)}, but ${because}.`;
  report(
    'idle-timeout',
    at,
    keyword,
    message,
    `write 'timeout ${side} ${written}' in '${proxy.name}', or ${otherwise}`,
  );
}

function spoken(timeouts: Timeouts, side: Side): string {
  const ms = timeouts[side] ?? 0;
  for (const [unit, length] of [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const)
    if (ms >= length && ms % length === 0) return `${ms / length} ${unit === 'm' ? 'min' : unit}`;
  return `${ms} ms`;
}
