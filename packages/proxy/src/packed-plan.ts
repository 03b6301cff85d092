// A plan on its way to data threads. Its proxies are written into shared memory once, for all threads, and a thread reads
// one when it is first needed: tens of thousands of servers that nobody asks for would else cost every thread seconds of
// reading, and hundreds of MiB, while clients wait.
import { deserialize, serialize } from 'node:v8';
import type { Config, Proxy } from '@evenkeel/config';
import { ProxyPacker, unpackProxy } from '@evenkeel/config/packed-proxy';
import type { SharedPages } from '@evenkeel/config/packed-proxy';
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
  /** Where it lies in the memory of the plan, bytes: first the proxy, then its plan. */
  readonly begin: number;
  readonly planBegin: number;
  readonly end: number;
}

/** Crosses to threads by structured clone; `memory` is shared. */
export interface PackedPlan extends Pick<Plan, 'generation' | 'listeners' | 'limits'> {
  readonly config: CommonConfig;
  /** Parallel to the configuration's proxies. */
  readonly heads: readonly SectionHead[];
  readonly memory: SharedArrayBuffer;
  /** What the proxies have in common. */
  readonly pages: SharedPages;
}

/** A proxy and its plan. */
export interface Section {
  readonly config: Proxy;
  readonly plan: ProxyPlan;
}

/**
 * Serializes a plan in steps, one for each proxy: whoever drives it may let the event loop turn between two. `memoryOf` gives
 * at least so many bytes.
 */
export function* packPlan(plan: Plan, memoryOf: (bytes: number) => SharedArrayBuffer): Generator<void, PackedPlan> {
  const { generation, limits, listeners } = plan;
  const { proxies } = plan.config;
  const packer = new ProxyPacker(proxies);
  const full = fullconns(plan);
  const written: Uint8Array[] = [];
  const heads: SectionHead[] = [];
  let end = 0;
  for (const [index, proxy] of proxies.entries()) {
    const own = plan.proxies[index];
    const parts = [packer.pack(proxy), serialize(own)];
    written.push(...parts);
    const planBegin = end + parts[0].length;
    heads.push({
      name: proxy.name,
      disabled: proxy.disabled,
      frontendSlot: own.frontendSlot,
      backendSlot: own.backendSlot,
      servers: proxy.servers.length,
      fullconn: full[index],
      begin: end,
      planBegin,
      end: planBegin + parts[1].length,
    });
    end = planBegin + parts[1].length;
    yield;
  }
  const memory = memoryOf(end);
  const whole = new Uint8Array(memory);
  let at = 0;
  for (const bytes of written) {
    whole.set(bytes, at);
    at += bytes.length;
  }
  packer.finish();
  return { generation, config: commonOf(plan.config), listeners, limits, heads, memory, pages: packer.pages };
}

/** Without its sources, of which not even their text is read: that of a large configuration may lie elsewhere. */
function commonOf(config: Config): CommonConfig {
  const names = (Object.keys(config) as (keyof Config)[]).filter((name) => name !== 'proxies' && name !== 'sources');
  return Object.fromEntries(names.map((name) => [name, config[name]])) as unknown as CommonConfig;
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
    const { heads, memory, pages } = this.plan;
    const { begin, planBegin, end } = heads[index];
    return {
      config: unpackProxy(new Uint8Array(memory, begin, planBegin - begin), pages),
      plan: deserialize(new Uint8Array(memory, planBegin, end - planBegin)) as ProxyPlan,
    };
  }
}
