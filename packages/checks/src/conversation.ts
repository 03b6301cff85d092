// What a check protocol is: a conversation without I/O. `protocols/` holds one file for each, `protocols.ts` the registry.
// Time-outs, socket errors and the connection itself are the run's (run.ts): a conversation only says what to send and what
// the answers mean.

import type { CheckStatus } from './status.ts';

export type ConversationInput =
  | { readonly type: 'connected' }
  | { readonly type: 'data'; readonly bytes: Buffer }
  /** The server closed its side in order. */
  | { readonly type: 'end' };

export type ConversationEffect =
  | { readonly type: 'send'; readonly bytes: Buffer }
  | { readonly type: 'found'; readonly status: CheckStatus; readonly code: number; readonly info: string };

/** One conversation with one server; made for each check. */
export interface Conversation {
  /** Layer of the time-out once the connection stands: `L4TOUT`, `L7TOUT` … */
  readonly timeoutStatus: CheckStatus;
  /** What to do, in order. Nothing is asked any more after 'found'. Never throws, whatever the server sends. */
  handle(input: ConversationInput): readonly ConversationEffect[];
}

/** A protocol with its settings: makes conversations. */
export interface Protocol {
  /** Whether to close with RST: spares both sides the end of a connection that carried nothing. */
  readonly closesByReset: boolean;
  begin(): Conversation;
}
