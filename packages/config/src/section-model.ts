/**
 * Sections that proxies refer to by name: users, mailers, resolvers, sets of error pages (manual 3.4, 3.6, 3.8, 5.3.2). Plain
 * data; conventions as in `model.ts`.
 */

import type { ErrorPages } from './rule-model.ts';
import type { Position } from './source-model.ts';

export interface HttpErrors {
  readonly name: string;
  readonly at: Position;
  readonly errors: ErrorPages;
}

export interface Userlist {
  readonly name: string;
  readonly at: Position;
  readonly groups: readonly { readonly name: string; readonly users: readonly string[] }[];
  readonly users: readonly {
    readonly name: string;
    readonly password: string;
    readonly encrypted: boolean;
    readonly groups: readonly string[];
  }[];
}

/** A `mailers` section (manual 3.6). */
export interface Mailers {
  readonly name: string;
  readonly at: Position;
  /** `timeout mail`, ms; 10000 unless set. */
  readonly timeoutMs: number;
  readonly mailers: readonly { readonly name: string; readonly host: string; readonly port: number }[];
}

/** A `resolvers` section: who is asked for addresses at run time, and how long what was said is believed (manual 5.3.2). */
export interface Resolvers {
  readonly name: string;
  readonly at: Position;
  readonly nameservers: readonly Nameserver[];
  /** The name servers of /etc/resolv.conf are asked too. */
  readonly parseResolvConf: boolean;
  /** Bytes; 512 unless set. */
  readonly acceptedPayloadSize: number;
  /** Queries until a name is given up; 3 unless set. */
  readonly resolveRetries: number;
  /** `timeout resolve`, ms between two resolutions; 1000 unless set. */
  readonly timeoutResolveMs: number;
  /** `timeout retry`, ms that one query may take; 1000 unless set. */
  readonly timeoutRetryMs: number;
  /** `hold`, ms. Undefined where the file does not say: the manual's defaults are the consumer's. */
  readonly hold: {
    readonly nx: number | undefined;
    readonly refused: number | undefined;
    readonly timeout: number | undefined;
    readonly other: number | undefined;
    readonly valid: number | undefined;
    readonly obsolete: number | undefined;
  };
}

export interface Nameserver {
  readonly at: Position;
  readonly name: string;
  /** IP literal. */
  readonly host: string;
  readonly port: number;
}
