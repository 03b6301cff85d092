// The shape of the corpus. Cases are data; two runners use them: run.ts against a program over sockets, parser.test.ts
// against the parser alone.
import type { FrontendName } from './program.ts';

/** A message that comes out on the other side, in canonical form. */
export interface Message {
  /** Start line and fields, names in lower case. `content-length` or `transfer-encoding` says the framing. */
  readonly head: readonly string[];
  /** Payload, without chunked framing. */
  readonly body?: string;
  readonly trailers?: readonly string[];
  /** The body ends before its framing says so, because the sender closed. */
  readonly cut?: true;
}

/** What becomes of the bytes: these messages leave, and then the sender is refused with this status (if any). */
export interface Outcome {
  readonly forwarded: readonly Message[];
  readonly refused?: number;
}

interface Case {
  /** Unique, for messages and for finding the case. */
  readonly id: string;
  /** The section that decides, or the attack that the case is about. */
  readonly why: string;
  readonly outcome: Outcome;
  /** What HAProxy 2.6 does where that differs; goes with `stricterThanHaproxy`. */
  readonly haproxy?: Outcome;
  /** Why this project refuses or rewrites what HAProxy lets through. */
  readonly stricterThanHaproxy?: string;
  /** HAProxy does the one or the other from run to run (why: in `stricterThanHaproxy`). */
  readonly haproxyVaries?: true;
  readonly frontend?: FrontendName;
}

/** Bytes from a client. A default answer comes from the server for each complete request. */
export interface RequestCase extends Case {
  readonly kind: 'request';
  readonly raw: string;
  /** The client does not half-close; the server answers with `answer` and closes once it has seen `until`. */
  readonly tunnel?: { readonly answer: string; readonly until: string };
}

/** Bytes from a server that then closes, in answer to `request`. */
export interface ResponseCase extends Case {
  readonly kind: 'response';
  /** Request of the client; default a plain GET. It is not half-closed when it asks for a tunnel. */
  readonly request?: string;
  readonly raw: string;
}

export type DesyncCase = RequestCase | ResponseCase;

/** What the recording server answers when a case does not say. */
export const defaultAnswer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** `tune.bufsize` less `tune.maxrewrite` of the generated configuration: the largest head. */
export const maxHeadBytes = 16384 - 1024;

export const refused = (status: number, ...before: Message[]): Outcome => ({ forwarded: before, refused: status });
export const forwarded = (...messages: Message[]): Outcome => ({ forwarded: messages });
