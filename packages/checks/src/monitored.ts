// What the monitor is told of a generation: backends and servers with their slots in shared memory. Plain data, made from a
// plan by the layer above.

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
  /** Index of its proxy in the plan: where log lines go. */
  readonly proxyIndex: number;
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
