/** Rules, their actions and what they answer with (manual 4.2), as plain data; conventions as in `model.ts`. */

import type { Condition, Expression, LogFormat } from './expression-model.ts';
import type { Position } from './source-model.ts';

/** The rule phases of the manual, in the order in which a stream passes them. */
export interface Rules {
  readonly tcpRequestConnection: readonly Rule[];
  readonly tcpRequestSession: readonly Rule[];
  readonly tcpRequestContent: readonly Rule[];
  readonly tcpRequestInspectDelayMs: number | undefined;
  readonly httpRequest: readonly Rule[];
  readonly tcpResponseContent: readonly Rule[];
  readonly tcpResponseInspectDelayMs: number | undefined;
  readonly httpResponse: readonly Rule[];
  readonly httpAfterResponse: readonly Rule[];
}

export interface Rule {
  readonly at: Position;
  readonly action: Action;
  readonly condition: Condition | undefined;
}

export type Action =
  | { readonly type: 'allow' }
  | { readonly type: 'deny'; readonly reply: Reply }
  | { readonly type: 'tarpit'; readonly reply: Reply }
  | { readonly type: 'return'; readonly reply: Reply }
  | { readonly type: 'reject' }
  | { readonly type: 'accept' }
  | { readonly type: 'disable-l7-retry' }
  /** Into slot `slot` of the frontend: of its request slots, in rules of responses of its response slots. */
  | { readonly type: 'capture'; readonly expression: Expression; readonly slot: number }
  /** 0 (emerg) to 7 (debug), or no line at all. */
  | { readonly type: 'set-log-level'; readonly level: number | 'silent' }
  | { readonly type: 'set-priority-class' | 'set-priority-offset'; readonly expression: Expression }
  | { readonly type: 'set-header' | 'add-header'; readonly name: string; readonly value: LogFormat }
  | { readonly type: 'del-header'; readonly name: string; readonly match: 'str' | 'beg' | 'end' | 'sub' | 'reg' };

/** What `deny`, `tarpit` and `return` answer with (manual: "http-request return"). */
export interface Reply {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly headers: readonly { readonly name: string; readonly value: LogFormat }[];
  readonly body:
    | { readonly kind: 'default' }
    | { readonly kind: 'errorfiles'; readonly section: string | undefined }
    | { readonly kind: 'errorfile'; readonly content: string }
    | { readonly kind: 'file'; readonly content: string }
    | { readonly kind: 'string'; readonly content: string }
    | { readonly kind: 'format'; readonly format: LogFormat };
}

/** Answers to errors by status. A file's content is read at load: binary text, latin1. */
export type ErrorPages = Readonly<Record<number, ErrorPage>>;

export type ErrorPage =
  | { readonly kind: 'file'; readonly path: string; readonly content: string }
  /** errorloc302 and errorloc303. */
  | { readonly kind: 'location'; readonly status: 302 | 303; readonly url: string }
  /** http-error, but for its `errorfiles`, which is put in place like that of its own keyword. */
  | { readonly kind: 'reply'; readonly reply: Reply };
