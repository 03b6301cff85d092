/** Where listeners, servers, logs and sources are, as plain data. `address.ts` reads the forms. */

/** Every address form of the manual's section 11 "Address formats" and of `bind`, `server`, `log` and `stats socket`. */
export type Address =
  /** `host` is an IP literal, `*` for any (both families only with v4v6 or `ipv6@`), or a name still to be resolved. */
  | {
      readonly kind: 'inet';
      readonly host: string;
      readonly family: 4 | 6 | undefined;
      readonly port: PortRange | undefined;
    }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'abstract'; readonly name: string }
  /** An inherited descriptor that listens already, or (`sockpair@`) is one end of a pair. */
  | { readonly kind: 'fd'; readonly fd: number };

export interface PortRange {
  readonly first: number;
  readonly last: number;
  /** `+1000` or `-1000` on a server: relative to the port that the client connected to. */
  readonly relative: boolean;
}

export interface SourceAddress {
  readonly address: Address;
  readonly interface: string | undefined;
  readonly usesrc: string | undefined;
}
