/**
 * `show stat` (management manual, sections 9.1 and 9.3): the counters of every proxy and server as CSV. Rows are built from
 * shared memory at the moment of the question; the data plane is not involved.
 */

import { fullconns } from '@evenkeel/proxy/main';
import type { Proxy } from '@evenkeel/config';
import type { Command, CommandContext } from './cli/command.ts';
import { backendRow, frontendRow, listenerRow, serverRow } from './statistics-rows.ts';
import { HEADER, csvLine } from './statistics-columns.ts';
import type { Row } from './statistics-columns.ts';
import type { Runtime } from './runtime.ts';

/** Bits of the TYPE argument. */
const TYPE_FRONTEND = 1;
const TYPE_BACKEND = 2;
const TYPE_SERVER = 4;
const TYPE_LISTENER = 8;

interface Selection {
  /** Proxy id, or undefined for all. */
  readonly proxy: number | undefined;
  readonly types: number;
  /** Server id, or undefined for all. */
  readonly server: number | undefined;
  readonly hideDown: boolean;
  readonly hideMaintenance: boolean;
}

const OTHER_FORMS: ReadonlySet<string> = new Set(['typed', 'json', 'desc']);

export const showStat: Command = {
  words: ['show', 'stat'],
  parameters: '[desc|json|no-maint|typed|up]*',
  help: 'report counters for each proxy and server',
  level: 'user',
  run({ runtime }: CommandContext, parameters: readonly string[]): string {
    const other = parameters.find((word) => OTHER_FORMS.has(word));
    if (other !== undefined) return `'${other}': only the CSV form of 'show stat' exists.\n`;
    const selection = select(runtime, parameters);
    if (typeof selection === 'string') return selection;
    let text = HEADER;
    for (const row of rows(runtime, selection)) text += csvLine(row);
    return text;
  },
};

/** `[<iid|proxy> <type> <sid>] [up|no-maint]*`; an answer where the proxy does not exist. Words that mean nothing are passed over, as in HAProxy. */
function select(runtime: Runtime, parameters: readonly string[]): Selection | string {
  const hideDown = parameters.includes('up');
  const flags = { hideDown, hideMaintenance: hideDown || parameters.includes('no-maint') };
  const [proxyText, typeText, serverText] = parameters;
  if (serverText === undefined || typeText === undefined || proxyText === undefined || !/^-?\d+$/.test(typeText)) {
    return { proxy: undefined, types: -1, server: undefined, ...flags };
  }
  const types = Number(typeText);
  const server = Number(serverText);
  const wanted = {
    types: types < 0 ? -1 : types,
    server: Number.isNaN(server) || server < 0 ? undefined : server,
    ...flags,
  };
  if (/^-?\d+$/.test(proxyText)) return { proxy: Number(proxyText) < 0 ? undefined : Number(proxyText), ...wanted };
  const named = runtime.plan().config.proxies.find((proxy) => proxy.name === proxyText);
  if (named === undefined) return 'No such proxy.\n';
  return { proxy: named.id, ...wanted };
}

function* rows(runtime: Runtime, selection: Selection): Generator<Row> {
  const plan = runtime.plan();
  const limits = fullconns(plan);
  for (const [index, proxy] of plan.config.proxies.entries()) {
    if (proxy.disabled || (selection.proxy !== undefined && proxy.id !== selection.proxy)) continue;
    const slots = plan.proxies[index];
    if (hasFrontend(proxy) && (selection.types & TYPE_FRONTEND) !== 0)
      yield frontendRow(runtime, proxy, slots.frontendSlot);
    if (proxy.options.socketStats && (selection.types & TYPE_LISTENER) !== 0) {
      for (const listener of plan.listeners) if (listener.proxy === index) yield listenerRow(runtime, proxy, listener);
    }
    if (!hasBackend(proxy)) continue;
    if ((selection.types & TYPE_SERVER) !== 0) {
      for (const [position, server] of proxy.servers.entries()) {
        if (selection.server !== undefined && server.id !== selection.server) continue;
        const row = serverRow(runtime, proxy, slots.backendSlot, server, slots.serverSlots[position]);
        const status = String(row.status);
        if (selection.hideMaintenance && status.startsWith('MAINT')) continue;
        if (selection.hideDown && status.startsWith('DOWN')) continue;
        yield row;
      }
    }
    if ((selection.types & TYPE_BACKEND) !== 0)
      yield backendRow(runtime, proxy, slots.backendSlot, slots.serverSlots, limits[index]);
  }
}

function hasFrontend(proxy: Proxy): boolean {
  return proxy.kind !== 'backend';
}

function hasBackend(proxy: Proxy): boolean {
  return proxy.kind !== 'frontend';
}
