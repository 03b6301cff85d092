// What rules and protocols may read of the server that is checked: names, numbers, its address, how it stands. Reads shared
// memory; knows nothing of checks.

import { parseIpAddress, type ProxyView, type ServerView } from '@evenkeel/expr';
import { BackendGauge, ServerGauge, ServerState, SharedCount, type Segment, type Tickets } from '@evenkeel/shm';
import type { CheckSubject, ConnectOptions } from './conversation.ts';
import { backendFigures } from './figures.ts';
import type { MonitoredBackend, MonitoredServer } from './monitored.ts';

export function checkSubject(
  segment: Segment,
  backend: ProxyView,
  server: MonitoredServer,
  connection: ConnectOptions,
  standing: Pick<CheckSubject, 'stateText' | 'isUp'>,
): CheckSubject {
  return {
    backend,
    server: serverView(segment, server),
    line: serverLine(segment, server),
    connection,
    socks4: socks4Of(server),
    stateText: () => standing.stateText(),
    isUp: () => standing.isUp(),
  };
}

/** A backend as rules see it, over reloads. `now`: monotonic ms. */
export function backendView(tickets: Tickets, current: () => MonitoredBackend, now: () => number): ProxyView {
  const { name, id, slot } = current();
  return {
    name,
    id,
    backendFigures: backendFigures(tickets, current, now),
    defaultBackend: undefined,
    frontendConnections: 0,
    get backendConnections() {
      return new SharedCount(tickets.segment, 'backend', slot, BackendGauge.sessions).sum();
    },
  };
}

/** The numeric address of `socks4`. */
export function socks4Of({ config: { socks4 } }: MonitoredServer): ConnectOptions['socks4'] {
  if (socks4?.kind !== 'inet' || socks4.port === undefined) return undefined;
  return { host: socks4.host, port: socks4.port.first };
}

function serverView(segment: Segment, { config, slot, host: configured, given }: MonitoredServer): ServerView {
  const { address } = config;
  const host = given?.host ?? configured;
  return {
    name: config.name,
    id: config.id,
    get connections() {
      return new SharedCount(segment, 'server', slot, ServerGauge.sessions).sum();
    },
    address: host === undefined ? undefined : parseIpAddress(host),
    port: given?.port ?? (address.kind === 'inet' && address.port !== undefined ? address.port.first : 0),
  };
}

function serverLine(segment: Segment, { config, slot, host, given }: MonitoredServer): CheckSubject['line'] {
  const { address } = config;
  const maxconn = new ServerState(segment, slot).get('maxconn');
  if (address.kind === 'unix') return { address: address.path, port: undefined, maxconn };
  if (address.kind !== 'inet') return { address: '', port: undefined, maxconn };
  return { address: given?.host ?? host ?? '', port: given?.port ?? address.port?.first ?? 0, maxconn };
}
