// What the monitor is told of a generation: backends and servers with their slots in shared memory. Plain data, made from a
// plan by the layer above.

import type { ExternalCheck } from './protocols/external.ts';
import type { MailAlert } from './mail/alert.ts';
import type { Check, Options, Server as ServerConfig, SourceAddress } from '@evenkeel/config';

export interface MonitoredServer {
  readonly config: ServerConfig;
  /** Slot in shared memory. */
  readonly slot: number;
  /** Numeric address of the server; undefined for a Unix socket, or for a name that did not resolve. */
  readonly host: string | undefined;
  /** What resolvers or an operator gave it in place of its configured address; `name` is what the address was asked for. */
  readonly given?: GivenAddress | undefined;
}

export interface GivenAddress {
  /** IP literal. */
  readonly host: string;
  /** Undefined: that of the configuration. */
  readonly port: number | undefined;
  /** In its place: what is added to the port that the client connected to. */
  readonly portOffset?: number | undefined;
  readonly name: string | undefined;
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
  /** What `option external-check` runs. */
  readonly externalCheck: ExternalCheck;
  /** `timeout connect` and `timeout check`, ms. */
  readonly connectTimeoutMs: number | undefined;
  readonly checkTimeoutMs: number | undefined;
  /** `timeout server` and `timeout tunnel`, ms: rules may read them. */
  readonly serverTimeoutMs: number | undefined;
  readonly tunnelTimeoutMs: number | undefined;
  readonly options: Pick<Options, 'allbackups' | 'logHealthChecks' | 'persist'>;
  readonly source: SourceAddress | undefined;
  readonly servers: readonly MonitoredServer[];
}

/** What the rules of checks take from the global section. */
export interface CheckTuning {
  /** `tune.bufsize` and `tune.http.maxhdr` */
  readonly bufferBytes: number;
  readonly maxHeaders: number;
  /** `node`, or the name of the machine. */
  readonly nodeName: string;
}

export interface MonitoredGeneration {
  readonly generation: number;
  readonly backends: readonly MonitoredBackend[];
  readonly checks: CheckTuning;
  readonly spreadPercent: number;
  readonly maxSpreadMs: number | undefined;
}
