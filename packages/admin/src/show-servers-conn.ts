/** `show servers conn [<backend>]` (management manual, section 9.3): connections to servers, in use and idle, by thread. */

import { ServerGauge, SharedCount } from '@evenkeel/shm';
import type { Command } from './cli/command.ts';
import { findProxy } from './find-proxy.ts';
import type { Runtime } from './runtime.ts';

const COLUMNS =
  'bkid/svid addr port - purge_delay used_cur used_max need_est unsafe_nb safe_nb idle_lim idle_cur idle_per_thr';

export const showServersConn: Command = {
  words: ['show', 'servers', 'conn'],
  parameters: '[<backend>]',
  help: 'dump server connections status (all or for a single backend)',
  level: 'user',
  async run({ runtime }, [name]) {
    const plan = runtime.plan();
    const found = name === undefined ? undefined : findProxy(runtime, 'backend', name);
    if (found !== undefined && 'fault' in found) return "Can't find backend.\n";
    const indexes = found === undefined ? [...plan.proxies.keys()] : [found.index];
    const slots = indexes.flatMap((index) =>
      plan.config.proxies[index].disabled ? [] : plan.proxies[index].serverSlots,
    );
    const needs = await needsOf(runtime, slots);
    const threads = runtime.segment.threadsUsed() - 1;
    let text = `# bkname/svname ${COLUMNS}[${threads}]\n`;
    for (const index of indexes) {
      const proxy = plan.config.proxies[index];
      if (proxy.disabled) continue;
      for (const [position, server] of proxy.servers.entries()) {
        const slot = plan.proxies[index].serverSlots[position];
        const watched = runtime.health.server(slot);
        const gauge = (number: number): SharedCount => new SharedCount(runtime.segment, 'server', slot, number);
        const idle = gauge(ServerGauge.idleConnections);
        const safe = gauge(ServerGauge.safeConnections).sum();
        const { needed = 0, estimate = 0 } = needs.get(slot) ?? {};
        const { address } = server;
        const given = watched?.server.given;
        const port = address.kind !== 'inet' ? 0 : (given?.portOffset ?? given?.port ?? address.port?.first ?? 0);
        const words = [
          `${proxy.name}/${server.name}`,
          `${proxy.id}/${server.id}`,
          watched?.address ?? '-',
          port,
          '-',
          server.poolPurgeDelayMs,
          gauge(ServerGauge.usedConnections).sum(),
          needed,
          estimate,
          idle.sum() - safe,
          safe,
          server.poolMaxConn,
          idle.sum(),
          ...Array.from({ length: threads }, (_, thread) => idle.share(thread + 1)),
        ];
        text += `${words.join(' ')}\n`;
      }
    }
    return text;
  },
};

/** Over all threads that answer, by slot. */
async function needsOf(
  runtime: Runtime,
  slots: readonly number[],
): Promise<ReadonlyMap<number, { readonly needed: number; readonly estimate: number }>> {
  const sums = new Map<number, { needed: number; estimate: number }>();
  for (const { answer } of await runtime.ask({ type: 'pools', serverSlots: slots })) {
    for (const [at, { needed, estimate }] of answer.entries()) {
      const sum = sums.get(slots[at]) ?? { needed: 0, estimate: 0 };
      sums.set(slots[at], { needed: sum.needed + needed, estimate: sum.estimate + estimate });
    }
  }
  return sums;
}
