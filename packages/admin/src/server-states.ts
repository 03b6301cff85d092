/** What SIGHUP makes a process without a master say (management manual, section 4): its servers and proxies in a few lines. */

import type { Runtime } from './runtime.ts';
import { backendRow, frontendRow, serverRow } from './statistics-rows.ts';
import { At } from './statistics-columns.ts';
import type { Column, Row } from './statistics-columns.ts';

export function serverStates(runtime: Runtime): readonly string[] {
  const lines = ['SIGHUP received, dumping servers states.'];
  const { config, proxies } = runtime.plan();
  for (const [index, proxy] of config.proxies.entries()) {
    const { frontendSlot, backendSlot, serverSlots } = proxies[index];
    for (const [position, server] of proxy.servers.entries()) {
      const row = serverRow(runtime, proxy, backendSlot, server, serverSlots[position]);
      const state = isUsable(row) ? 'UP' : 'DOWN';
      const [act, pend, tot] = [number(row, 'scur'), number(row, 'qcur'), number(row, 'stot')];
      lines.push(
        `SIGHUP: Server ${proxy.name}/${server.name} is ${state}. Conn: ${act} act, ${pend} pend, ${tot} tot.`,
      );
    }
    const front = frontendSlot < 0 ? [] : frontendRow(runtime, proxy, frontendSlot);
    // The limit of connections is no part of these lines.
    const back = backendSlot < 0 ? [] : backendRow(runtime, proxy, backendSlot, serverSlots, 0);
    const both = (name: 'scur' | 'stot'): string => `${number(front, name)}+${number(back, name)}`;
    const pending = number(back, 'qcur');
    lines.push(
      `SIGHUP: Proxy ${proxy.name} ${conditionOf(proxy.servers.length, back)} ` +
        `Conn: act(FE+BE): ${both('scur')}, ${pending} pend (${pending} unass), tot(FE+BE): ${both('stot')}.`,
    );
  }
  return lines;
}

function conditionOf(servers: number, back: Row): string {
  if (servers === 0) return 'has no servers.';
  const [active, backup] = [number(back, 'act'), number(back, 'bck')];
  if (active + backup === 0) return 'has no server available !';
  return active === 0
    ? `is running on backup servers; 0 active servers and ${backup} backup servers available.`
    : `has ${active} active servers and ${backup} backup servers available.`;
}

const number = (row: Row, name: Column): number => Number(row[At[name]] ?? 0);

const isUsable = (row: Row): boolean => /^(UP|no check|NOLB|DRAIN)/.test(String(row[At.status] ?? ''));
