export type DatagramTarget =
  | { readonly family: 'unix'; /** A path, or '@name' for the abstract space. */ readonly path: string }
  | { readonly family: 'ipv4' | 'ipv6'; readonly address: string; readonly port: number }

/**
 * 'sent': the kernel took it. 'again': its buffer is full, try later or drop. 'gone': nobody receives there now (the
 * next send tries to reach it again). 'too-big': longer than the kernel or path allows.
 */
export type SendResult = 'sent' | 'again' | 'gone' | 'too-big'

export interface Datagram {
  /** Never blocks, never throws. */
  send(payload: Uint8Array): SendResult
  /** errno name of the last send that was not 'sent'. */
  readonly lastError: string | undefined
  close(): void
}

/** A send-only datagram socket, for syslog. Nothing has to exist at the target yet. Throws SysError (EMFILE …) or UnsupportedError. */
export declare function openDatagram(target: DatagramTarget): Datagram
/** sd_notify: sends `state` ('READY=1', 'STATUS=…') to NOTIFY_SOCKET. False when the variable is not set or nobody listens. */
export declare function notifyServiceManager(state: string, environment?: Record<string, string | undefined>): boolean
