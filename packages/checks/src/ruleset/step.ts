// Steps of a compiled ruleset, as the engine (engine.ts) runs them. Making them from rules is compile.ts's.

import type { CheckSubject, ConnectOptions } from '../conversation.ts';
import type { CheckStatus } from '../status.ts';
import type { Answer } from './answer.ts';
import type { CheckContext } from './context.ts';

export type Step = ConnectStep | SendStep | ExpectStep | RunStep;

interface Numbered {
  /** As messages count: from 1, without a connect that no rule asked for (0). */
  readonly number: number;
  /** Of the rule, or of the last `comment` before it; '' without. */
  readonly comment: string;
}

export interface ConnectStep extends Numbered {
  readonly action: 'connect';
  /** How to connect, from what the server line wants, and what messages call the port: 0 where the rule names none. */
  options(context: CheckContext, subject: CheckSubject): { readonly options: ConnectOptions; readonly port: number };
  /** Ends in order instead of by RST. */
  readonly linger: boolean;
}

export interface SendStep extends Numbered {
  readonly action: 'send';
  /** What to send; undefined where it cannot be made. */
  bytes(context: CheckContext): Buffer | undefined;
  /** What `last_chk` says where it cannot be made. */
  readonly failure: string;
  /** Method of an HTTP request: decides whether the answer has a body. */
  readonly method: string;
}

/** What a step without traffic does: variables. */
export interface RunStep extends Numbered {
  readonly action: 'run';
  run(context: CheckContext): void;
}

export interface ExpectStep extends Numbered {
  readonly action: 'expect';
  /** For messages: `expect string 'hello'`. */
  readonly words: string;
  readonly timeoutStatus: CheckStatus;
  /** Status and words when the server closes without a byte. */
  readonly emptyStatus: CheckStatus;
  /** Looks at the answer so far. */
  judge(context: CheckContext, answer: Answer): Judgement;
  readonly success: { readonly status: CheckStatus; info(context: CheckContext): string };
  /** Code of the result, where the rule says what it is. */
  readonly code: ((context: CheckContext) => number) | undefined;
}

export type Judgement =
  | { readonly type: 'wait' }
  | { readonly type: 'next' }
  | { readonly type: 'failed'; readonly status: CheckStatus; readonly info: string };

export const WAIT: Judgement = { type: 'wait' };
export const NEXT: Judgement = { type: 'next' };
