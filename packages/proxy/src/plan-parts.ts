// Large plans come in parts: what arrives in one message is read in one turn of the event loop, and for tens of thousands of
// servers that would take a second in which nobody is served.
import type { Proxy } from '@evenkeel/config';
import type { Plan, ProxyPlan } from './plan.ts';

/** What comes in one part. */
export interface PlanPart {
  readonly generation: number;
  /** Proxies in their order, and their plans. */
  readonly configs: readonly Proxy[];
  readonly plans: readonly ProxyPlan[];
}

/** Servers in a part: read and kept in about two milliseconds. */
const PART_SERVERS = 200;

/** Cuts a plan: its parts, and what is left of it for the last message. A plan of ordinary size has no parts. */
export function cutPlan(plan: Plan): { readonly parts: readonly PlanPart[]; readonly rest: Plan } {
  // Only who reads files anew asks for their text.
  const config = { ...plan.config, sources: [] };
  const { generation } = plan;
  const parts: PlanPart[] = [];
  let from = 0;
  let servers = 0;
  for (const [index, proxy] of config.proxies.entries()) {
    servers += proxy.servers.length + 1;
    if (servers < PART_SERVERS) continue;
    const to = index + 1;
    parts.push({ generation, configs: config.proxies.slice(from, to), plans: plan.proxies.slice(from, to) });
    from = to;
    servers = 0;
  }
  const rest = {
    ...plan,
    config: { ...config, proxies: config.proxies.slice(from) },
    proxies: plan.proxies.slice(from),
  };
  return { parts, rest };
}

/** The receiving end: keeps parts until the rest of their plan comes. */
export class PlanParts {
  #generation = 0;
  #configs: Proxy[] = [];
  #plans: ProxyPlan[] = [];

  /** Parts of a plan that was given up meanwhile are forgotten. */
  add({ generation, configs, plans }: PlanPart): void {
    if (generation !== this.#generation) this.#begin(generation);
    this.#configs.push(...configs);
    this.#plans.push(...plans);
  }

  /** The whole plan of which `rest` is the last of. */
  completed(rest: Plan): Plan {
    if (rest.generation !== this.#generation) return rest;
    const config = { ...rest.config, proxies: [...this.#configs, ...rest.config.proxies] };
    const plan = { ...rest, config, proxies: [...this.#plans, ...rest.proxies] };
    this.#begin(0);
    return plan;
  }

  #begin(generation: number): void {
    this.#generation = generation;
    this.#configs = [];
    this.#plans = [];
  }
}
