// The administrative bits of a server (see AdminState): what the configuration, an operator and its name make of them, and what
// servers that track it inherit. Pure.

import { AdminState } from '@evenkeel/shm';
import { inMaintenance, isDraining } from './health.ts';
import type { MonitoredServer } from './monitored.ts';

/** As an operator says it. */
export type Administration = 'ready' | 'drain' | 'maint';

export function administrationOf(admin: number): Administration {
  if ((admin & AdminState.forcedMaintenance) !== 0) return 'maint';
  return (admin & AdminState.forcedDrain) !== 0 ? 'drain' : 'ready';
}

/** What servers that track one with these bits inherit. */
export function inheritedBits(admin: number): number {
  return (
    (inMaintenance(admin) ? AdminState.inheritedMaintenance : 0) | (isDraining(admin) ? AdminState.inheritedDrain : 0)
  );
}

/** `disabled` on the server line. */
const DISABLED = AdminState.configMaintenance | AdminState.forcedMaintenance;

/** A name without an address can serve nobody (manual: `init-addr none`). */
export function lacksAddress({ config, host }: MonitoredServer): boolean {
  return config.address.kind === 'inet' && host === undefined;
}

function withBits(admin: number, bits: number, areSet: boolean): number {
  return areSet ? admin | bits : admin & ~bits;
}

/** What the configuration alone makes of it. */
export function configuredAdmin(server: MonitoredServer): number {
  return withBits(
    withBits(0, DISABLED, server.config.disabled),
    AdminState.resolutionMaintenance,
    lacksAddress(server),
  );
}

/** What an operator or a name server said stays, but where the configuration says something else than before. */
export function adoptedAdmin(before: MonitoredServer, server: MonitoredServer, admin: number): number {
  const { disabled } = server.config;
  const bits = disabled === before.config.disabled ? admin : withBits(admin, DISABLED, disabled);
  const lacks = lacksAddress(server);
  return lacks === lacksAddress(before) ? bits : withBits(bits, AdminState.resolutionMaintenance, lacks);
}
