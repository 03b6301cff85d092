// Why a head or a body was refused: one closed union of codes and the status that HAProxy 2.6 answers for each. Knows
// nothing of error files or sockets: the stream turns the status into an answer.

/** Whose message was wrong: the client's request or the server's response. */
export type ErrorSide = 'client' | 'server';

/** Every reason for which a head is refused. */
export type HeadErrorCode =
  | 'bad-start-line'
  | 'bad-method'
  | 'bad-target'
  | 'bad-version'
  | 'bad-status'
  | 'bad-header-name'
  | 'bad-header-value'
  | 'bad-line-end'
  | 'too-many-headers'
  | 'bad-content-length'
  | 'differing-content-lengths'
  | 'bad-transfer-encoding'
  | 'unsupported-transfer-coding'
  | 'differing-hosts'
  | 'host-mismatch'
  | 'bad-host'
  | 'body-not-allowed'
  | 'bad-upgrade';

/** Every reason for which a body is refused. */
export type BodyErrorCode =
  | 'bad-chunk-size'
  | 'chunk-too-large'
  | 'bad-chunk-end'
  | 'bad-chunk-extension'
  | 'chunk-line-too-long'
  | 'bad-trailer'
  | 'trailers-too-large';

/** A refused head. A value, never thrown. */
export class HeadError {
  readonly kind = 'error';
  readonly side: ErrorSide;
  readonly code: HeadErrorCode;
  /** The status for the client: 400, 413 or 422 for a request, 502 for a response. */
  readonly status: number;
  /** Index into the head's text where parsing stopped (what `show errors` prints); 0 when the head as a whole is wrong. */
  readonly offset: number;

  constructor(side: ErrorSide, code: HeadErrorCode, status: number, offset: number) {
    this.side = side;
    this.code = code;
    this.status = status;
    this.offset = offset;
  }
}
