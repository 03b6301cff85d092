/**
 * `descriptors`: an `ulimit-n` that cannot hold the connections that `maxconn` promises; and `unreachable-maxconn`: limits of
 * proxies that the one of the process forestalls. What the machine allows is the doctor's question.
 */

import { describeKind } from '../draft.ts';
import type { Config, Proxy } from '../model.ts';
import type { ReportLint } from './index.ts';
import type { Places } from './places.ts';

/** A proxied connection has two ends (manual, "maxconn": "each proxy session needs two file descriptors"). */
const DESCRIPTORS_PER_CONNECTION = 2;
/** Standard streams, event loops, logs, runtime sockets: what a process needs without any connection. */
const DESCRIPTORS_BESIDE = 15;

export function lintDescriptors(config: Config, places: Places, report: ReportLint): void {
  const { maxconn, ulimitN } = config.global;
  if (maxconn === undefined) return;
  const needed = maxconn * DESCRIPTORS_PER_CONNECTION + besideConnections(config) + DESCRIPTORS_BESIDE;
  const at = places.ofGlobal('ulimit-n');
  if (ulimitN !== undefined && ulimitN < needed && at !== undefined) {
    const message = `'ulimit-n ${ulimitN}' is too low for 'maxconn ${maxconn}': ${needed} descriptors are needed, two for each connection.`;
    report('descriptors', at, 'ulimit-n', message, "leave 'ulimit-n' out: it is worked out from 'maxconn'");
  }
  const said = new Set<string>();
  for (const proxy of config.proxies) lintMaxconn(proxy, maxconn, places, report, said);
}

function lintMaxconn(proxy: Proxy, limit: number, places: Places, report: ReportLint, said: Set<string>): void {
  if (proxy.disabled || proxy.kind === 'backend' || proxy.maxconn === undefined || proxy.maxconn <= limit) return;
  const { at, keyword } = places.of(proxy, 'maxconn');
  // A `defaults` section is said once, not once for each of its proxies.
  const place = `${at.line} ${at.file}`;
  if (said.has(place)) return;
  said.add(place);
  const message = `'maxconn ${proxy.maxconn}' of ${describeKind(proxy.kind)} '${proxy.name}' is never reached: the process stops at 'maxconn ${limit}' (global).`;
  report('unreachable-maxconn', at, keyword, message, "lower it, or raise 'maxconn' in the global section");
}

/** One for each listener and for each check under way. */
function besideConnections({ proxies }: Config): number {
  let sum = 0;
  for (const { binds, disabled, servers } of proxies) {
    if (disabled) continue;
    for (const { addresses } of binds) {
      for (const address of addresses)
        sum += address.kind === 'inet' && address.port !== undefined ? address.port.last - address.port.first + 1 : 1;
    }
    for (const { check } of servers) if (check) sum++;
  }
  return sum;
}
