/**
 * Walks over the proxies and servers of the configuration for answers that are made while their reader takes them. The
 * configuration may be another one at every step: the walk goes on with what has the same name there, and passes over what
 * is gone, whose slots in shared memory may be somebody else's by then.
 */

import type { Proxy, Server } from '@evenkeel/config';
import type { Plan, ProxyPlan } from '@evenkeel/proxy';
import type { Runtime } from './runtime.ts';

/** A proxy as it is in the plan that serves. */
export interface ProxyNow {
  readonly plan: Plan;
  /** Its place in the plan. */
  readonly index: number;
  readonly proxy: Proxy;
  readonly slots: ProxyPlan;
}

/** A proxy of the plan with which the walk began. */
export class WalkedProxy {
  readonly #runtime: Runtime;
  readonly #name: string;
  readonly #kind: Proxy['kind'];
  #now: ProxyNow | undefined;
  #plan: Plan | undefined;

  constructor(runtime: Runtime, { kind, name }: Proxy) {
    this.#runtime = runtime;
    this.#kind = kind;
    this.#name = name;
  }

  /** Undefined where it is gone. */
  now(): ProxyNow | undefined {
    const plan = this.#runtime.plan();
    if (plan !== this.#plan) {
      this.#plan = plan;
      const { proxies } = plan.config;
      const index = proxies.findIndex(({ kind, name }) => kind === this.#kind && name === this.#name);
      this.#now = index < 0 ? undefined : { plan, index, proxy: proxies[index], slots: plan.proxies[index] };
    }
    return this.#now;
  }

  /** Its servers, each as it is when it is asked for. */
  *servers(): Generator<{ readonly here: ProxyNow; readonly server: Server; readonly slot: number }> {
    for (const [position, { name }] of (this.now()?.proxy.servers ?? []).entries()) {
      const here = this.now();
      if (here === undefined) return;
      const { servers } = here.proxy;
      const at = servers[position]?.name === name ? position : servers.findIndex((server) => server.name === name);
      if (at >= 0) yield { here, server: servers[at], slot: here.slots.serverSlots[at] };
    }
  }
}

export function* proxiesOf(runtime: Runtime): Generator<WalkedProxy> {
  for (const proxy of runtime.plan().config.proxies) yield new WalkedProxy(runtime, proxy);
}
