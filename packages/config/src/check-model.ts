/**
 * What health checks say and expect, as plain data (manual 4.2: `option httpchk`, `option tcp-check`, `http-check …`,
 * `tcp-check …`). `@evenkeel/checks` runs it. Bytes are latin1 text, one character a byte.
 */

import type { Expression, LogFormat } from './expression-model.ts';
import type { Position } from './source-model.ts';

/** The rules of a backend's checks, in order. Implicit steps are there as steps. */
export interface CheckRuleset {
  readonly protocol: 'tcp' | 'http';
  readonly steps: readonly CheckStep[];
  /** `http-check disable-on-404` and `http-check send-state`. */
  readonly disableOn404: boolean;
  readonly sendState: boolean;
}

export type CheckStep =
  | CheckConnect
  | CheckSend
  | CheckHttpSend
  | CheckExpect
  | CheckComment
  | CheckSetVariable
  | CheckUnsetVariable;

interface Commented {
  readonly at: Position;
  /** Of the rule itself; one of a `comment` rule before it applies where it has none. */
  readonly comment: string | undefined;
}

export interface CheckConnect extends Commented {
  readonly action: 'connect';
  /** No rule of the file: it connects as the server line says, and does not count as a step. */
  readonly implicit: boolean;
  /** Undefined: the port of checks, or of the server. An expression that gives none means the same. */
  readonly port: number | Expression | undefined;
  /** Numeric address, or path of a Unix socket. */
  readonly address: { readonly host: string } | { readonly path: string } | undefined;
  /** `default`: what the server line says about checks counts where the rule says nothing. */
  readonly serverOptions: boolean;
  readonly sendProxy: boolean;
  readonly viaSocks4: boolean;
  readonly linger: boolean;
}

export interface CheckSend extends Commented {
  readonly action: 'send';
  readonly data:
    | { readonly kind: 'bytes'; readonly bytes: string }
    | { readonly kind: 'text' | 'hexadecimal'; readonly format: LogFormat };
}

export interface CheckHttpSend extends Commented {
  readonly action: 'http-send';
  /** Undefined fields have HAProxy's defaults: OPTIONS, /, HTTP/1.0. */
  readonly method: string | undefined;
  readonly uri: string | LogFormat | undefined;
  readonly version: string | undefined;
  readonly headers: readonly { readonly name: string; readonly value: string | LogFormat }[];
  readonly body: string | LogFormat | undefined;
}

export interface CheckExpect extends Commented {
  readonly action: 'expect';
  readonly match: CheckMatch;
  /** `!` */
  readonly negate: boolean;
  /** -1: not given. */
  readonly minReceive: number;
  readonly okStatus: 'L4OK' | 'L6OK' | 'L7OK' | 'L7OKC' | undefined;
  readonly errorStatus: 'L4CON' | 'L6RSP' | 'L7RSP' | 'L7STS' | 'L7OKC' | undefined;
  readonly timeoutStatus: 'L4TOUT' | 'L6TOUT' | 'L7TOUT' | undefined;
  readonly onSuccess: LogFormat | undefined;
  readonly onError: LogFormat | undefined;
  readonly statusCode: Expression | undefined;
}

/** What is looked for: in what was received, or over HTTP in the status, the fields, the body. */
export type CheckMatch =
  | { readonly kind: 'string' | 'binary'; readonly bytes: string }
  | { readonly kind: 'string-lf' | 'binary-lf'; readonly format: LogFormat }
  | { readonly kind: 'rstring' | 'rbinary'; readonly pattern: string }
  | { readonly kind: 'rstatus'; readonly pattern: string }
  | { readonly kind: 'status'; readonly ranges: readonly (readonly [first: number, last: number])[] }
  | {
      readonly kind: 'hdr' | 'fhdr';
      readonly name: CheckTextMatch;
      readonly value: CheckTextMatch | undefined;
    };

export interface CheckTextMatch {
  readonly method: 'str' | 'beg' | 'end' | 'sub' | 'reg';
  readonly text: string | LogFormat;
}

export interface CheckComment {
  readonly at: Position;
  readonly action: 'comment';
  readonly text: string;
}

export interface CheckSetVariable {
  readonly at: Position;
  readonly action: 'set-var';
  /** With its scope: `check.port`. */
  readonly name: string;
  readonly conditions: readonly string[];
  readonly value: Expression | LogFormat;
}

export interface CheckUnsetVariable {
  readonly at: Position;
  readonly action: 'unset-var';
  readonly name: string;
}
