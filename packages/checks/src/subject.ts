// What rules and protocols may read of the server that is checked: names, numbers, its address, how it stands. Reads shared
// memory; knows nothing of checks.

import { parseIpAddress, type ProxyView, type ServerView } from '@evenkeel/expr';
import { BackendGauge, ServerGauge, SharedCount, type Segment } from '@evenkeel/shm';
import type { CheckSubject, ConnectOptions } from './conversation.ts';
import type { MonitoredBackend, MonitoredServer } from './monitored.ts';

export function checkSubject(
  segment: Segment,
  backend: MonitoredBackend,
  server: MonitoredServer,
  connection: ConnectOptions,
  stateText: () => string,
): CheckSubject {
  return {
    backend: backendView(segment, backend),
    server: serverView(segment, server),
    connection,
    stateText,
  };
}

function backendView(segment: Segment, { name, id, slot }: MonitoredBackend): ProxyView {
  return {
    name,
    id,
    defaultBackend: undefined,
    frontendConnections: 0,
    get backendConnections() {
      return new SharedCount(segment, 'backend', slot, BackendGauge.sessions).sum();
    },
  };
}

function serverView(segment: Segment, { config, slot, host }: MonitoredServer): ServerView {
  const { address } = config;
  return {
    name: config.name,
    id: config.id,
    get connections() {
      return new SharedCount(segment, 'server', slot, ServerGauge.sessions).sum();
    },
    address: host === undefined ? undefined : parseIpAddress(host),
    port: address.kind === 'inet' && address.port !== undefined ? address.port.first : 0,
  };
}
