// Heads to wire text: one latin1 string with lower-case names, exactly one framing, and the `connection` field that the
// caller decided on. The parser has put the list into canonical form; here nothing is judged.
import type { RequestHead } from './request-head.ts'
import type { ResponseHead, ResponseFraming } from './response-head.ts'

/** What the connection is told: kept, closed after this message. An upgrade is taken from the head itself. */
export type ConnectionMode = 'keep-alive' | 'close'

/** `h1-case-adjust`: lower-case name to wanted spelling. */
export type CaseMap = ReadonlyMap<string, string>

/**
 * Request head for the server. `connection` is what the server shall do after it. `caseMap` only when
 * `option h1-case-adjust-bogus-server` is on.
 */
export declare function serializeRequest(head: RequestHead, connection: ConnectionMode, caseMap?: CaseMap): string

/**
 * Response head for the client. `requestVersion` is the client's; `connection` is what will happen to its connection;
 * `framing` is the outgoing one (usually `head.framing`; `chunked` when the body is chunked on the way).
 */
export declare function serializeResponse(
  head: ResponseHead,
  requestVersion: '1.0' | '1.1',
  connection: ConnectionMode,
  framing: ResponseFraming,
  caseMap?: CaseMap,
): string
