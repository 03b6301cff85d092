// A plan on its way to data threads. Its proxies are written into shared memory once, for all threads, and a thread reads
// one when it is first needed: tens of thousands of servers that nobody asks for would else cost every thread seconds of
// reading, and hundreds of MiB, while clients wait.
import { deserialize, serialize } from 'node:v8';
import type { Config, Proxy, Server } from '@evenkeel/config';
import { fullconns } from './backend/limit.ts';
import type { Plan, ProxyPlan } from './plan.ts';

/** What a thread knows of a configuration without looking at its proxies. */
export type CommonConfig = Omit<Config, 'proxies' | 'sources'>;

/** What a thread knows of a proxy without reading it. */
export interface SectionHead {
  readonly name: string;
  readonly disabled: boolean;
  /** As in ProxyPlan. */
  readonly frontendSlot: number;
  readonly backendSlot: number;
  /** How many it has. */
  readonly servers: number;
  /** Its `fullconn`, which depends on all frontends. */
  readonly fullconn: number;
  /** Where it lies in the memory of the plan, bytes. */
  readonly begin: number;
  readonly end: number;
}

/** Crosses to threads by structured clone; `memory` is shared. */
export interface PackedPlan extends Pick<Plan, 'generation' | 'listeners' | 'limits'> {
  readonly config: CommonConfig;
  /** Parallel to the configuration's proxies. */
  readonly heads: readonly SectionHead[];
  readonly memory: SharedArrayBuffer;
}

/** A proxy and its plan. */
export interface Section {
  readonly config: Proxy;
  readonly plan: ProxyPlan;
}

/** A section as it is serialized: with its first server, and of each other one what is not as in the one before. */
interface PackedSection extends Section {
  readonly servers: readonly Partial<Server>[];
}

/** Serializes a plan in steps, one for each proxy: whoever drives it may let the event loop turn between two. */
export function* packPlan(plan: Plan): Generator<void, PackedPlan> {
  const { generation, limits, listeners } = plan;
  const { proxies, sources: _unread, ...config } = plan.config;
  const full = fullconns(plan);
  const written: Buffer[] = [];
  const heads: SectionHead[] = [];
  let end = 0;
  for (const [index, proxy] of proxies.entries()) {
    const { backendSlot, frontendSlot } = plan.proxies[index];
    const bytes = serialize(packed({ config: proxy, plan: plan.proxies[index] }));
    written.push(bytes);
    heads.push({
      name: proxy.name,
      disabled: proxy.disabled,
      frontendSlot,
      backendSlot,
      servers: proxy.servers.length,
      fullconn: full[index],
      begin: end,
      end: end + bytes.length,
    });
    end += bytes.length;
    yield;
  }
  const memory = new SharedArrayBuffer(end);
  const whole = new Uint8Array(memory);
  for (const [index, { begin }] of heads.entries()) whole.set(written[index], begin);
  return { generation, config, listeners, limits, heads, memory };
}

/** The proxies of a plan in one thread: each is read when it is first asked for, and kept. */
export class Sections {
  readonly plan: PackedPlan;
  readonly #read: (Section | undefined)[];

  constructor(packed: PackedPlan) {
    this.plan = packed;
    this.#read = packed.heads.map(() => undefined);
  }

  /** By index in the configuration's proxies. */
  at(index: number): Section {
    return (this.#read[index] ??= this.#unpack(index));
  }

  /** `add server`, `del server`: a section is another one from now on. */
  replace(index: number, section: Section): void {
    this.#read[index] = section;
  }

  #unpack(index: number): Section {
    const { heads, memory } = this.plan;
    const { begin, end } = heads[index];
    return unpacked(deserialize(new Uint8Array(memory, begin, end - begin)) as PackedSection);
  }
}

/** Servers of one proxy are much alike, and each has dozens of settings: a quarter of the bytes, and of the time. */
function packed({ config, plan }: Section): PackedSection {
  const [first, ...others] = config.servers;
  if (first === undefined) return { config, plan, servers: [] };
  // All servers have the same properties.
  const names = Object.keys(first) as (keyof Server)[];
  let before = first;
  const servers = others.map((server) => {
    const difference: Partial<Record<keyof Server, unknown>> = {};
    for (const name of names) if (server[name] !== before[name]) difference[name] = server[name];
    before = server;
    return difference as Partial<Server>;
  });
  return { config: { ...config, servers: [first] }, plan, servers };
}

function unpacked({ config, plan, servers }: PackedSection): Section {
  const whole = [...config.servers];
  for (const difference of servers) whole.push({ ...whole[whole.length - 1], ...difference });
  return { config: { ...config, servers: whole }, plan };
}
