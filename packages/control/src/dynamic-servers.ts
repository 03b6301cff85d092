/**
 * Servers that come and go while a configuration serves: `add server`, `del server` (management manual, section 9.3). The plan of
 * the generation that serves is replaced by one with another list of servers in one backend; health checks, resolvers and
 * every data thread follow, and nothing else moves: listeners, streams, idle connections of other servers stay.
 *
 * Slots in shared memory grow by chunks of 64 as names are allocated, so there is nothing to reserve; the number of servers of
 * a backend is bounded by MAX_SERVERS.
 */

import { isIP } from 'node:net';
import type { HealthMonitor } from '@evenkeel/checks';
import { isAdded, withServers } from '@evenkeel/config';
import type { Config, Server } from '@evenkeel/config';
import type { Plan } from '@evenkeel/proxy';
import { monitoredGeneration } from '@evenkeel/proxy/main';
import { Admission, ServerGauge, SharedCount } from '@evenkeel/shm';
import type { SegmentOwner } from '@evenkeel/shm';
import { followedServers } from './resolvers/followed-servers.ts';
import type { Resolvers } from './resolvers/resolvers.ts';
import type { Supervisor } from './supervisor.ts';

/**
 * Of one backend. Each addition builds the backend's balancer anew on every thread and looks at each of its servers once, about a
 * microsecond each: ten thousand servers keep that below what a keep-alive client notices.
 */
export const MAX_SERVERS = 10_000;

export interface DynamicServersOptions {
  readonly slots: SegmentOwner;
  readonly supervisor: Supervisor;
  readonly health: HealthMonitor;
  readonly resolvers: Resolvers;
  /** Runs when no configuration is being applied, and keeps others from being applied meanwhile. */
  exclusively<Result>(operation: () => Promise<Result>): Promise<Result>;
}

export class DynamicServers {
  readonly #options: DynamicServersOptions;
  /** `backend/server` of those that were added and not removed since. */
  #names = new Set<string>();

  constructor(options: DynamicServersOptions) {
    this.#options = options;
  }

  /** `backend/server` of those that were added and are still there. */
  get names(): ReadonlySet<string> {
    return this.#names;
  }

  /** Another configuration serves: of what was added, it has what lasts. */
  follow({ proxies }: Config): void {
    this.#names = new Set(
      proxies.flatMap((proxy) => proxy.servers.filter(isAdded).map((server) => `${proxy.name}/${server.name}`)),
    );
  }

  /**
   * The server, whose name must be free there, joins in maintenance, or at once where its line says `enabled`. False: the process
   * stops, or is full. `note` runs once it serves, before another configuration is merged with what was changed.
   */
  async add(backend: string, server: Server, note: () => void = () => undefined): Promise<boolean> {
    const { slots, health } = this.#options;
    const name = `${backend}/${server.name}`;
    const result = await this.#change(
      backend,
      (plan, index) => {
        const { servers } = plan.config.proxies[index];
        if (servers.length >= MAX_SERVERS || servers.some((one) => one.name === server.name)) return undefined;
        const { serverSlots, serverAddresses = servers.map(() => undefined) } = plan.proxies[index];
        const slot = slots.allocate('server', name);
        return changedPlan(
          plan,
          index,
          [...servers, server],
          [...serverSlots, slot],
          [...serverAddresses, addressOf(server)],
        );
      },
      () => {
        this.#names.add(name);
        if (!server.disabled) health.server(slots.lookup('server', name)!)?.administer('ready');
        note();
      },
    );
    return result !== undefined;
  }

  /**
   * Why it cannot be removed now, in HAProxy's words; undefined once it is gone. `note`: as for `add`. `objection` is asked, of the
   * plan that serves and the server's slot, when nothing else can be applied any more before it goes: it must be in maintenance.
   */
  async remove(
    backend: string,
    serverName: string,
    note: () => void = () => undefined,
    objection: (plan: Plan, slot: number) => string | undefined = () => undefined,
  ): Promise<string | undefined> {
    const name = `${backend}/${serverName}`;
    let fault: string | undefined;
    const result = await this.#change(
      backend,
      (plan, index) => {
        const { servers } = plan.config.proxies[index];
        const { backendSlot, serverSlots, serverAddresses = servers.map(() => undefined) } = plan.proxies[index];
        const position = servers.findIndex((one) => one.name === serverName);
        const slot = serverSlots[position];
        fault = position < 0 ? 'No such server.' : (objection(plan, slot) ?? this.#inUse(backendSlot, slot));
        if (fault !== undefined) return undefined;
        const without = <Item>(list: readonly Item[]): readonly Item[] => list.filter((_item, at) => at !== position);
        return changedPlan(plan, index, without(servers), without(serverSlots), without(serverAddresses));
      },
      (plan, index, isFollowed) => {
        this.#names.delete(name);
        this.#giveUpSlot(name, plan, index, isFollowed);
        note();
      },
    );
    return result === undefined ? (fault ?? 'The process is stopping.') : undefined;
  }

  #giveUpSlot(name: string, { generation, proxies }: Plan, index: number, isFollowed: boolean): void {
    const { slots, supervisor } = this.#options;
    const slot = slots.lookup('server', name);
    if (slot === undefined) return;
    slots.release('server', name, generation + 1);
    // A stream that took it in the very last moment, or one of an older generation, may still count or wait there: then it goes
    // with the next generation.
    if (isFollowed && !supervisor.hasOldPlans && this.#inUse(proxies[index].backendSlot, slot) === undefined)
      slots.discard('server', name);
  }

  /** `done` runs with the plan that serves then, while nothing else is applied. */
  async #change(
    backend: string,
    change: (plan: Plan, index: number) => Plan | undefined,
    done: (plan: Plan, index: number, isFollowed: boolean) => void,
  ): Promise<true | undefined> {
    const { exclusively, supervisor, health, resolvers } = this.#options;
    return await exclusively(async () => {
      let changed: { readonly plan: Plan; readonly index: number } | undefined;
      const result = await supervisor.changeServers(
        (before) => {
          const index = before.config.proxies.findIndex(({ kind, name }) => kind !== 'frontend' && name === backend);
          const plan = index < 0 ? undefined : change(before, index);
          changed = plan === undefined ? undefined : { plan, index };
          return changed;
        },
        (plan) => {
          const index = plan.config.proxies.findIndex(({ kind, name }) => kind !== 'frontend' && name === backend);
          health.changeServers(monitoredGeneration(plan), plan.proxies[index].backendSlot);
          resolvers.apply(plan.config, followedServers(plan));
        },
      );
      if (result === undefined || changed === undefined) return undefined;
      done(changed.plan, changed.index, result.isFollowed);
      return true;
    });
  }

  #inUse(backendSlot: number, slot: number): string | undefined {
    const admission = new Admission(this.#options.health.tickets, backendSlot);
    // Sessions, and those that are granted to streams which do not know it yet.
    return admission.used(slot) > 0 || this.#isConnected(slot) || admission.serverQueue(slot).length > 0
      ? 'Server still has connections attached to it, cannot remove it.'
      : undefined;
  }

  #isConnected(slot: number): boolean {
    return new SharedCount(this.#options.slots.segment, 'server', slot, ServerGauge.usedConnections).sum() > 0;
  }
}

function changedPlan(
  plan: Plan,
  index: number,
  servers: readonly Server[],
  serverSlots: readonly number[],
  serverAddresses: readonly (string | undefined)[],
): Plan {
  const proxy = plan.proxies[index];
  const revision = (proxy.revision ?? 0) + 1;
  return {
    ...plan,
    config: withServers(plan.config, index, servers),
    proxies: plan.proxies.with(index, { ...proxy, serverSlots, serverAddresses, revision }),
  };
}

/** As HAProxy adds them: a name is not looked up, resolvers may find one later. */
function addressOf({ address }: Server): string | undefined {
  if (address.kind !== 'inet') return undefined;
  if (address.host === '*') return address.family === 6 ? '::' : '0.0.0.0';
  return isIP(address.host) === 0 ? undefined : address.host;
}
