// Where the checks of a server go and how long they may take: the server line (manual 5.2 "addr", "port", "check-…"), and what
// was changed at run time (management manual 9.3 "set server … check-addr|check-port"). Pure.

import type { Server as ServerConfig } from '@evenkeel/config';
import type { CheckAddress, ConnectOptions } from './conversation.ts';
import type { MonitoredBackend, MonitoredServer } from './monitored.ts';
import type { RunLimits } from './run.ts';
import { socks4Of } from './subject.ts';

/** Where checks go, given at run time; undefined: what the server line says. */
export interface CheckChanges {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

/** Manual "timeout check". */
export function checkLimits(
  { connectTimeoutMs, checkTimeoutMs }: MonitoredBackend,
  { interMs }: ServerConfig,
): RunLimits {
  if (checkTimeoutMs === undefined) return { connectMs: interMs, readMs: undefined };
  return { connectMs: Math.min(connectTimeoutMs ?? Infinity, interMs), readMs: checkTimeoutMs };
}

/** Where and how the server line sends its checks; undefined where there is nowhere to go. */
export function checkConnection(
  { check }: MonitoredBackend,
  server: MonitoredServer,
  changes: CheckChanges,
): ConnectOptions | undefined {
  // Rules that connect may name the port themselves.
  const address = checkAddress(server, changes, check.type === 'ping' || check.type === 'rules');
  if (address === undefined) return undefined;
  return {
    address,
    sendProxy: server.config.checkSendProxy,
    socks4: server.config.checkViaSocks4 ? socks4Of(server) : undefined,
  };
}

/** `addr` and `port` of the server line before its address. Where no port is needed, one that is not known is 0. */
function checkAddress(
  { config, host, given }: MonitoredServer,
  changes: CheckChanges,
  needsNoPort: boolean,
): CheckAddress | undefined {
  const { address } = config;
  const ownHost = changes.host ?? config.checkAddress;
  const ownPort = changes.port ?? config.checkPort;
  if (ownHost === undefined && ownPort === undefined) {
    if (address.kind === 'unix') return { path: address.path };
    if (address.kind === 'abstract') return { path: `\0${address.name}`.padEnd(SUN_PATH_BYTES, '\0') };
  }
  const checkHost = ownHost ?? given?.host ?? host;
  const port =
    ownPort ??
    given?.port ??
    (address.kind === 'inet' && address.port !== undefined && !address.port.relative
      ? address.port.first
      : undefined) ??
    (needsNoPort ? 0 : undefined);
  return checkHost === undefined || port === undefined ? undefined : { host: checkHost, port };
}

/** Size of sun_path (unix(7)); HAProxy pads abstract names to it. */
const SUN_PATH_BYTES = 108;

/** What a running check depends on and does not ask anew each time; empty for a server that is not checked. */
export function checkKey(
  backend: MonitoredBackend,
  server: MonitoredServer,
  changes: CheckChanges,
  further: readonly MonitoredBackend[],
): string {
  const { check, disabled, source } = server.config;
  if (!check) return '';
  const connection = checkConnection(backend, server, changes);
  const checks = [backend, ...further].map((one) => [one.check, one.externalCheck]);
  // Lines of the file may move without a change of what they say.
  return JSON.stringify([checks, disabled, source ?? backend.source, connection], (key, value: unknown) =>
    key === 'at' ? undefined : value,
  );
}
