/** Servers (manual 5.2), how they are chosen and what their checks ask, as plain data; conventions as in `model.ts`. */

import type { Address, SourceAddress } from './address-model.ts';
import type { CheckRuleset } from './check-model.ts';
import type { Expression } from './expression-model.ts';
import type { Position } from './source-model.ts';

/** One server after `default-server`, `server-template` and inheritance were applied. */
export interface Server {
  readonly at: Position;
  readonly name: string;
  readonly address: Address;
  readonly id: number;
  readonly idExplicit: boolean;
  /** 0..256; 1 unless set. */
  readonly weight: number;
  readonly backup: boolean;
  readonly disabled: boolean;
  readonly maxconn: number | undefined;
  /** Below `maxconn`, which then is set; undefined = the limit stands still. */
  readonly minconn: number | undefined;
  readonly maxqueue: number | undefined;
  readonly slowstartMs: number | undefined;
  readonly check: boolean;
  readonly checkAddress: string | undefined;
  readonly checkPort: number | undefined;
  readonly checkSendProxy: boolean;
  /** `check-via-socks4`: checks go through the proxy of `socks4` too. */
  readonly checkViaSocks4: boolean;
  /** `check-and`, our own: backends whose checks it must pass too, in this order. */
  readonly checkAnd: readonly string[];
  /** `agent-check`: another voice about the server, asked beside its checks. */
  readonly agentCheck: boolean;
  /** `agent-addr`: address or name; undefined = where checks go. */
  readonly agentAddress: string | undefined;
  /** `agent-port`: 0 unless set. */
  readonly agentPort: number;
  /** ms; 2000 unless set. */
  readonly agentInterMs: number;
  /** `agent-send`: latin1, sent when the connection stands; may be empty. */
  readonly agentSend: string;
  /** ms; 2000 unless set. */
  readonly interMs: number;
  readonly fastInterMs: number | undefined;
  readonly downInterMs: number | undefined;
  /** 2 unless set. */
  readonly rise: number;
  /** 3 unless set. */
  readonly fall: number;
  readonly track: string | undefined;
  readonly redir: string | undefined;
  readonly source: SourceAddress | undefined;
  readonly initAddr: readonly string[] | undefined;
  /** Name of the `resolvers` section that follows this server's name at run time. */
  readonly resolvers: string | undefined;
  /** `resolve-prefer`; 6 unless set. */
  readonly resolvePrefer: 4 | 6;
  /** `resolve-net`: networks whose addresses are preferred, as CIDR text; at most five. */
  readonly resolveNets: readonly string[];
  /** `resolve-opts allow-dup-ip` */
  readonly allowDupIp: boolean;
  /** `resolve-opts ignore-weight` */
  readonly ignoreDnsWeight: boolean;
  readonly cookie: string | undefined;
  readonly namespace: string | undefined;
  /** The SOCKS4 proxy that leads to the server. */
  readonly socks4: Address | undefined;
  readonly sendProxy: 'v1' | 'v2' | undefined;
  /** `pool-max-conn`: -1 = unlimited unless set. */
  readonly poolMaxConn: number;
  /** ms; 5000 unless set. */
  readonly poolPurgeDelayMs: number;
  readonly poolLowConn: number;
  /** `max-reuse`: -1 = unlimited unless set. */
  readonly maxReuse: number;
  readonly tcpUserTimeoutMs: number | undefined;
  /** `log-proto`: how a ring's events are framed; undefined = legacy. */
  readonly logProto: 'legacy' | 'octet-count' | undefined;
  readonly tfo: boolean;
  readonly onMarkedDown: 'shutdown-sessions' | undefined;
  readonly onMarkedUp: 'shutdown-backup-sessions' | undefined;
  readonly observe: 'layer4' | 'layer7' | undefined;
  readonly errorLimit: number;
  readonly onError: 'fastinter' | 'fail-check' | 'sudden-death' | 'mark-down';
}

export type Balance =
  | { readonly algorithm: 'roundrobin' | 'static-rr' | 'leastconn' | 'first' | 'source' }
  | {
      readonly algorithm: 'uri';
      readonly whole: boolean;
      readonly pathOnly: boolean;
      readonly length: number | undefined;
      readonly depth: number | undefined;
    }
  /** `checkPost`: the body of a POST is waited for. */
  | { readonly algorithm: 'url_param'; readonly name: string; readonly checkPost: boolean }
  | { readonly algorithm: 'hdr'; readonly name: string; readonly useDomainOnly: boolean }
  | { readonly algorithm: 'random'; readonly draws: number }
  | { readonly algorithm: 'rdp-cookie'; readonly name: string }
  | { readonly algorithm: 'hash'; readonly expression: Expression };

export interface HashType {
  readonly method: 'map-based' | 'consistent';
  readonly function: 'sdbm' | 'djb2' | 'wt6' | 'crc32';
  readonly avalanche: boolean;
}

/** What a health check of this backend says; servers add where and how often. */
export type Check =
  | { readonly type: 'tcp' }
  /** `option tcp-check` and `option httpchk`. */
  | { readonly type: 'rules'; readonly ruleset: CheckRuleset }
  | { readonly type: 'mysql'; readonly user: string | undefined; readonly version: 'post-41' | 'pre-41' }
  | { readonly type: 'pgsql'; readonly user: string }
  /** `hello`: the whole greeting, `HELO localhost` unless set. */
  | { readonly type: 'smtp'; readonly hello: string }
  /** `external`: its program is the proxy's `externalCheckCommand`. `ping`: our own, asks with ping(8). */
  | { readonly type: 'redis' | 'ldap' | 'ssl-hello' | 'spop' | 'external' | 'ping' };
