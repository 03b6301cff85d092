// An accepted response head: what the rules read and write and what the serializer sends. Holds no parsing.
import type { HeaderList } from './header-list.ts';

/** How the end of a response's body is known (RFC 9112, 6.3). `tunnel`: 101, or 2xx to CONNECT. */
export type ResponseFraming = 'none' | 'length' | 'chunked' | 'close' | 'tunnel';

/** What is fixed about a response when its head is made. */
export interface ResponseFacts {
  readonly framing: ResponseFraming;
  /** Body length in bytes when framing is `length`, else 0. */
  readonly contentLength: number;
  /** `Content-Length` of a response that has no body but speaks of one (HEAD, 304), else -1. */
  readonly announcedLength: number;
  readonly keepAlive: boolean;
  /** Whether `Connection: upgrade` leaves with the head: then no other option is added. */
  readonly upgradeOption: boolean;
  readonly bytes: number;
}

/** An accepted response. Rules may write `status`, `reason` and `headers`; framing is the parser's. */
export class ResponseHead {
  readonly kind = 'response';
  /** 100 to 999. */
  status: number;
  reason: string;
  /** `1.0` or `1.1`: what the server speaks. */
  readonly version: '1.0' | '1.1';
  /** Protocol as it is forwarded: `HTTP/1.0`, `HTTP/1.1`, or another name under `option accept-invalid-http-response`. */
  readonly protocol: string;
  readonly headers: HeaderList;
  readonly framing: ResponseFraming;
  /** Body length in bytes when framing is `length`, else 0. */
  readonly contentLength: number;
  /** `Content-Length` of a response that has no body but speaks of one (HEAD, 304), else -1. */
  readonly announcedLength: number;
  /** Whether the server keeps its connection after this response. False for framing `close` and `tunnel`. */
  readonly keepAlive: boolean;
  /** Whether `Connection: upgrade` leaves with the head: then no other option is added. */
  readonly upgradeOption: boolean;
  /** Length of the head in bytes as received; 0 for a head that was made here. */
  readonly bytes: number;

  #parsedStatus: number;
  #parsedReason: string;

  /** `lineIntact`: the text behind `headers` starts with exactly the status line that these parts make. */
  constructor(
    status: number,
    reason: string,
    version: '1.0' | '1.1',
    protocol: string,
    headers: HeaderList,
    facts: ResponseFacts,
    lineIntact: boolean,
  ) {
    this.status = status;
    this.reason = reason;
    this.version = version;
    this.protocol = protocol;
    this.headers = headers;
    this.framing = facts.framing;
    this.contentLength = facts.contentLength;
    this.announcedLength = facts.announcedLength;
    this.keepAlive = facts.keepAlive;
    this.upgradeOption = facts.upgradeOption;
    this.bytes = facts.bytes;
    this.#parsedStatus = lineIntact ? status : 0;
    this.#parsedReason = reason;
  }

  /** A 1xx other than 101: the final response is still to come. */
  get informational(): boolean {
    return this.status < 200 && this.status !== 101;
  }

  /** The status line with CRLF, or `undefined` when it is still the parsed text's own. */
  changedStartLine(): string | undefined {
    if (this.status === this.#parsedStatus && this.reason === this.#parsedReason) return undefined;
    return this.protocol + ' ' + this.status + ' ' + this.reason + '\r\n';
  }
}

/**
 * A response that did not come from the parser: answers of the proxy itself, or a message received over HTTP/2. `headers` must
 * hold no framing or `connection` fields; the serializer writes them from `framing` and `contentLength`.
 */
export function makeResponseHead(
  status: number,
  reason: string,
  headers: HeaderList,
  framing: ResponseFraming,
  contentLength = 0,
): ResponseHead {
  headers.markFramingTouched();
  const facts = {
    framing,
    contentLength,
    announcedLength: -1,
    keepAlive: framing !== 'close',
    upgradeOption: false,
    bytes: 0,
  };
  return new ResponseHead(status, reason, '1.1', 'HTTP/1.1', headers, facts, false);
}
