// What the control thread sends to data threads: one generation of the configuration as plain data (structured clone),
// with the shared-memory slots that its objects have under their stable names. Compiled by packages/control, read here.
import type { Config } from '@evenkeel/config';

/** Slot in shared memory of the one object of kind `process`: it is allocated before all others. */
export const PROCESS_SLOT = 0;

/** One generation. Arrays are parallel to those of the config where said so. */
export interface Plan {
  /** Counts from 1 and grows with each reload that was published. */
  readonly generation: number;
  readonly config: Config;
  /** Parallel to `config.proxies`. */
  readonly proxies: readonly ProxyPlan[];
  /** Every socket of every `bind` line: one for each address and port. */
  readonly listeners: readonly ListenerPlan[];
  /** Effective limits of the process. */
  readonly limits: ProcessLimits;
}

export interface ProcessLimits {
  /** Connections of the process at a time (`global maxconn`), lowered to what descriptors allow. */
  readonly maxconn: number;
  /** Accepted connections a second (`maxconnrate`); 0 = no limit. */
  readonly maxconnrate: number;
  /** New sessions a second (`maxsessrate`); 0 = no limit. */
  readonly maxsessrate: number;
  /**
   * Connections that may wait accepted and unread, over all listeners and threads: what descriptors allow beside `maxconn`.
   * Beyond it, and beyond a few each, listeners stop accepting.
   */
  readonly maxParked?: number;
  /** A client connection whose descriptor has this number, or a higher one, shows that the process has hardly any left. */
  readonly scarceDescriptor?: number;
  /**
   * Open connections, of clients and to servers: from `idleLow` on none is kept idle, beyond `idleHigh` an idle one is closed
   * for each new one (`tune.pool-low-fd-ratio`, `tune.pool-high-fd-ratio`). Without them there is no bound.
   */
  readonly idleLow?: number;
  readonly idleHigh?: number;
}

export interface ProxyPlan {
  /** Slots in shared memory by the proxy's name and side; -1 where it has no such side. */
  readonly frontendSlot: number;
  readonly backendSlot: number;
  /** Parallel to `config.proxies[i].servers`. */
  readonly serverSlots: readonly number[];
  /** Where the words of balancing begin in the generation's shared buffer, bytes; meaningless from the first revision on. */
  readonly balanceOffset: number;
  /** How often servers were added and removed since the generation was published: the words of balancing are new each time. */
  readonly revision?: number;
  /** Parallel to `serverSlots`: the address that a server's host name had, numeric; undefined for what is numeric already, or did not resolve. */
  readonly serverAddresses?: readonly (string | undefined)[];
  /** Number of the proxy's log set (packages/log); 0 where nothing is logged. */
  readonly logSet: number;
}

/** Where a listener is bound: numeric, resolved by the control thread. */
export type ListenAddress =
  | {
      readonly kind: 'inet';
      readonly family: 4 | 6;
      readonly address: string;
      readonly port: number;
      /** IPV6_V6ONLY; undefined leaves the system's default */ readonly v6only: boolean | undefined;
    }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'abstract'; readonly name: string }
  | { readonly kind: 'fd'; readonly fd: number };

export interface ListenerPlan {
  /**
   * Address and every option that is set on the socket at its birth: a listener whose key is in the next generation too
   * is handed over without being closed.
   */
  readonly key: string;
  /** Index into `config.proxies` and into that proxy's `binds`. */
  readonly proxy: number;
  readonly bind: number;
  /** `id` of the listener (`so_id`), and `name` where the bind line has one. */
  readonly id: number;
  readonly name: string | undefined;
  /** Slot in shared memory of its counters. */
  readonly slot: number;
  readonly address: ListenAddress;
  /** As messages print it: `127.0.0.1:8080`, `/run/x.sock`. */
  readonly text: string;
  /** Of listen(2): clients that wait in the kernel, for each thread's socket. */
  readonly backlog: number;
}
