// Parses one response head (RFC 9112, 4 and 5) as HAProxy 2.6 does and brings it into canonical form. Text in, value out.
import type { HeadError } from './head-error.ts'
import type { HeaderList } from './header-list.ts'
import type { HeadOptions } from './limits.ts'

/** How the end of a response's body is known (RFC 9112, 6.3). `tunnel`: 101, or 2xx to CONNECT. */
export type ResponseFraming = 'none' | 'length' | 'chunked' | 'close' | 'tunnel'

/** An accepted response. Rules may write `status`, `reason` and `headers`; framing fields are the parser's. */
export interface ResponseHead {
  readonly kind: 'response'
  /** 100 to 999. */
  status: number
  reason: string
  /** `1.0` or `1.1`: what the server speaks. */
  readonly version: '1.0' | '1.1'
  readonly headers: HeaderList
  readonly framing: ResponseFraming
  /** Body length in bytes when framing is `length`, else 0. */
  readonly contentLength: number
  /** Whether the server keeps its connection after this response. False for framing `close` and `tunnel`. */
  readonly keepAlive: boolean
  /** A 1xx other than 101: the final response is still to come. */
  readonly informational: boolean
  /** Length of the head in bytes as received. */
  readonly bytes: number
}

/**
 * Parses a whole response head; `requestMethod` is the method that was sent, since HEAD and CONNECT decide the framing.
 * `text` as in `parseRequestHead`. Never throws. Every error is status 502.
 */
export declare function parseResponseHead(text: string, requestMethod: string, options: HeadOptions): ResponseHead | HeadError
