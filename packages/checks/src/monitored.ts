// What the monitor is told of a generation: backends and servers with their slots in shared memory. Plain data, made from a
// plan by the layer above.

import type { MailAlert } from './mail/alert.ts';
import type { Check, Options, Server as ServerConfig, SourceAddress } from '@evenkeel/config';

export interface MonitoredServer {
  readonly config: ServerConfig;
  /** Slot in shared memory. */
  readonly slot: number;
  /** Numeric address of the server; undefined for a Unix socket, or for a name that did not resolve. */
  readonly host: string | undefined;
}

export interface MonitoredBackend {
  readonly name: string;
  readonly id: number;
  /** Slot in shared memory. */
  readonly slot: number;
  /** Number of its proxy's log set, where its lines go: the same in every generation, unlike the proxy's place in the plan. */
  readonly logSet: number;
  /** A `listen` section, which lines call a proxy. */
  readonly isListen: boolean;
  /** Its algorithm follows weights that change (manual "balance"): slow start and weights at run time need it. */
  readonly hasDynamicWeights: boolean;
  /** `option redispatch`. */
  readonly redispatches: boolean;
  readonly mailAlert: MailAlert | undefined;
  readonly check: Check;
  /** `timeout connect` and `timeout check`, ms. */
  readonly connectTimeoutMs: number | undefined;
  readonly checkTimeoutMs: number | undefined;
  readonly options: Pick<Options, 'logHealthChecks' | 'persist'>;
  readonly source: SourceAddress | undefined;
  readonly servers: readonly MonitoredServer[];
}

export interface MonitoredGeneration {
  readonly generation: number;
  readonly backends: readonly MonitoredBackend[];
  readonly spreadPercent: number;
  readonly maxSpreadMs: number | undefined;
}
