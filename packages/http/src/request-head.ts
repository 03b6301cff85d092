// Parses one request head (RFC 9112, 3 and 5) as HAProxy 2.6 does and brings it into canonical form. Text in, value out.
import type { HeadError } from './head-error.ts'
import { HeaderList } from './header-list.ts'
import type { HeadOptions } from './limits.ts'
import type { RequestTarget } from './target.ts'

/** How the end of a request's body is known. `tunnel`: CONNECT; what follows the head is the tunnel's once it is granted. */
export type RequestFraming = 'none' | 'length' | 'chunked' | 'tunnel'

/** An accepted request. Rules may write `method`, `uri` (through `setUri`) and `headers`; framing fields are the parser's. */
export interface RequestHead {
  readonly kind: 'request'
  method: string
  /** The request target as it will be forwarded. */
  readonly uri: string
  /** Parts of `uri`, computed on first use and again after `setUri`. */
  readonly target: RequestTarget
  /** `1.0` or `1.1`: what the client speaks, for decisions. */
  readonly version: '1.0' | '1.1'
  readonly headers: HeaderList
  readonly framing: RequestFraming
  /** Body length in bytes when framing is `length`, else 0. */
  readonly contentLength: number
  /** Whether the client wants its connection kept (RFC 9112, 9.3). */
  readonly keepAlive: boolean
  /** Whether the client waits for 100 (RFC 9110, 10.1.1). */
  readonly expectContinue: boolean
  /** Whether the client asks for another protocol: `Connection: upgrade` and an `Upgrade` field (RFC 9110, 7.8). */
  readonly upgrade: boolean
  /** Lower-case tokens of `Upgrade`, empty when `upgrade` is false. */
  readonly upgradeTokens: readonly string[]
  /** Lower-case tokens of all `Connection` fields but `close` and `keep-alive`. */
  readonly connectionTokens: readonly string[]
  /** Length of the head in bytes as received. */
  readonly bytes: number
  setUri(uri: string): void
}

/**
 * Parses a whole request head.
 *
 * `text` is one latin1 slice from the first byte of the request line to just after the empty line, as `findHeadEnd`
 * and `skipEmptyLines` delimit it. Never throws.
 */
export declare function parseRequestHead(text: string, options: HeadOptions): RequestHead | HeadError
