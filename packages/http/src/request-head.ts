// An accepted request head: what the rules read and write and what the serializer sends. Holds no parsing.
import type { HeaderList } from './header-list.ts';
import { listTokens } from './connection.ts';
import { parseTarget, type RequestTarget } from './target.ts';

/** How the end of a request's body is known. `tunnel`: CONNECT; what follows the head is the tunnel's once it is granted. */
export type RequestFraming = 'none' | 'length' | 'chunked' | 'tunnel';

/** What is fixed about a request when its head is made. */
export interface RequestFacts {
  readonly framing: RequestFraming;
  /** Body length in bytes when framing is `length`, else 0. */
  readonly contentLength: number;
  readonly keepAlive: boolean;
  readonly expectContinue: boolean;
  readonly upgrade: boolean;
  /** Whether `Connection: upgrade` leaves with the head, granted or not: then no other option is added. */
  readonly upgradeOption: boolean;
  readonly bytes: number;
}

/** An accepted request. Rules may write `method`, `uri` (through `setUri`) and `headers`; framing is the parser's. */
export class RequestHead {
  readonly kind = 'request';
  method: string;
  /** `1.0` or `1.1`: what the client speaks, for decisions. */
  readonly version: '1.0' | '1.1';
  /** Protocol as it is forwarded: `HTTP/1.0`, `HTTP/1.1`, or another name under `option accept-invalid-http-request`. */
  readonly protocol: string;
  readonly headers: HeaderList;
  readonly framing: RequestFraming;
  /** Body length in bytes when framing is `length`, else 0. */
  readonly contentLength: number;
  /** Whether the client wants its connection kept (RFC 9112, 9.3) and its framing allows it. */
  readonly keepAlive: boolean;
  /** Whether the client waits for 100 (RFC 9110, 10.1.1). */
  readonly expectContinue: boolean;
  /** Whether the client asks for another protocol (RFC 9110, 7.8): `Connection: upgrade`, an `Upgrade` field and no body. */
  readonly upgrade: boolean;
  /** Whether `Connection: upgrade` leaves with the head, granted or not: then no other option is added. */
  readonly upgradeOption: boolean;
  /** Length of the head in bytes as received; 0 for a head that was made here. */
  readonly bytes: number;

  #uri: string;
  #target: RequestTarget | undefined = undefined;
  #parsedMethod: string;
  #parsedUri: string;

  /** `lineIntact`: the text behind `headers` starts with exactly the start line that these parts make. */
  constructor(
    method: string,
    uri: string,
    version: '1.0' | '1.1',
    protocol: string,
    headers: HeaderList,
    facts: RequestFacts,
    lineIntact: boolean,
  ) {
    this.method = method;
    this.version = version;
    this.protocol = protocol;
    this.headers = headers;
    this.framing = facts.framing;
    this.contentLength = facts.contentLength;
    this.keepAlive = facts.keepAlive;
    this.expectContinue = facts.expectContinue;
    this.upgrade = facts.upgrade;
    this.upgradeOption = facts.upgradeOption;
    this.bytes = facts.bytes;
    this.#uri = uri;
    this.#parsedMethod = lineIntact ? method : '';
    this.#parsedUri = uri;
  }

  /** The request target as it will be forwarded. */
  get uri(): string {
    return this.#uri;
  }

  /** Parts of `uri`, computed on first use and again after `setUri`. */
  get target(): RequestTarget {
    return (this.#target ??= parseTarget(this.method, this.#uri));
  }

  setUri(uri: string): void {
    this.#uri = uri;
    this.#target = undefined;
  }

  /** Lower-case tokens of `Upgrade`, empty when `upgrade` is false. */
  get upgradeTokens(): readonly string[] {
    return this.upgrade ? listTokens(this.headers, 'upgrade') : [];
  }

  /** Lower-case tokens of all `Connection` fields but `close` and `keep-alive`. */
  get connectionTokens(): readonly string[] {
    return listTokens(this.headers, 'connection');
  }

  /** The start line with CRLF, or `undefined` when it is still the parsed text's own. */
  changedStartLine(): string | undefined {
    if (this.method === this.#parsedMethod && this.#uri === this.#parsedUri) return undefined;
    return this.method + ' ' + this.#uri + ' ' + this.protocol + '\r\n';
  }
}

const madeHere: RequestFacts = {
  framing: 'none',
  contentLength: 0,
  keepAlive: true,
  expectContinue: false,
  upgrade: false,
  upgradeOption: false,
  bytes: 0,
};

/**
 * A request that did not come from the parser: health checks, or a message received over HTTP/2. `headers` must hold no framing or
 * `connection` fields; the serializer writes them from `framing` and `contentLength`.
 */
export function makeRequestHead(
  method: string,
  uri: string,
  version: '1.0' | '1.1',
  headers: HeaderList,
  framing: RequestFraming = 'none',
  contentLength = 0,
): RequestHead {
  headers.markFramingTouched();
  return new RequestHead(
    method,
    uri,
    version,
    'HTTP/' + version,
    headers,
    { ...madeHere, framing, contentLength },
    false,
  );
}
