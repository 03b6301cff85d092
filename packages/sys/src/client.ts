export interface ClientSocketOptions {
  readonly family: 'ipv4' | 'ipv6'
  /** Source address; undefined lets the kernel choose. */
  readonly address?: string
  /** Source port; 0 with an address sets IP_BIND_ADDRESS_NO_PORT, so that the port is chosen by connect(2). */
  readonly port?: number
  readonly transparent?: boolean
  readonly interface?: string
  readonly mark?: number
}

/** A bound, not yet connected stream descriptor for `new net.Socket({ fd })`, as `source` and `usesrc` need it. Throws SysError. */
export declare function openClientSocket(options: ClientSocketOptions): number
