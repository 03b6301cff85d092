// Conversations that are a short script: send this, expect that. A protocol file gives the turns; this keeps what was
// received, and says what HAProxy says where nothing came. Pure.
//
// Expectations that follow each other look at the same bytes; what was received before a turn sends is forgotten, so an
// answer cannot come before its question.

import type { Conversation, ConversationEffect, ConversationInput, Protocol } from '../conversation.ts';
import type { CheckStatus } from '../status.ts';

export type Finding = Extract<ConversationEffect, { readonly type: 'found' }>;

/** What an expectation makes of the bytes so far: wait for more, go on with the script, or a verdict, perhaps with last words. */
export type Judgement = 'more' | 'next' | (Finding & { readonly farewell?: Buffer });

export interface Expectation {
  /** Counted as HAProxy counts the steps of this check, for its words about an empty answer. */
  readonly step: number;
  /** When the time is over, and when the server closes without a byte. */
  readonly timeoutStatus: CheckStatus;
  readonly emptyStatus: CheckStatus;
  /** `isLast`: no more will come, because the server has closed or said too much; 'more' then fails like an empty answer. */
  judge(received: Buffer, isLast: boolean): Judgement;
}

export type Turn = { readonly send: Buffer } | { readonly expect: Expectation };

/** The size of HAProxy's default buffer: more than this is no answer to a check. */
const MAX_ANSWER_BYTES = 16_384;

const HAVE_CODE: ReadonlySet<CheckStatus> = new Set(['L7OK', 'L7STS', 'PROCOK', 'PROCERR']);

/** Statuses that stand for an answer that was understood have a code, 0 where the server gave none. */
export function found(status: CheckStatus, info = '', code = 0): Finding {
  return { type: 'found', status, code: HAVE_CODE.has(status) ? code : -1, info };
}

/** The first line of an answer, from byte `from` on. */
export function firstLine(received: Buffer, from = 0): string {
  return received.toString('latin1', from).split(/[\r\n]/, 1)[0];
}

/** A protocol whose every conversation goes through the same turns; the last one is an expectation that decides. */
export function scripted(turns: readonly Turn[]): Protocol {
  return { closesByReset: false, begin: () => new ScriptedConversation(turns) };
}

class ScriptedConversation implements Conversation {
  readonly #turns: readonly Turn[];
  #at = 0;
  #received = Buffer.alloc(0);

  constructor(turns: readonly Turn[]) {
    this.#turns = turns;
  }

  get timeoutStatus(): CheckStatus {
    return this.#expectation?.timeoutStatus ?? 'L7TOUT';
  }

  get #expectation(): Expectation | undefined {
    const turn = this.#turns[this.#at];
    return turn !== undefined && 'expect' in turn ? turn.expect : undefined;
  }

  handle(input: ConversationInput): readonly ConversationEffect[] {
    const expectation = this.#expectation;
    if (input.type === 'end' && expectation !== undefined && this.#received.length === 0)
      return [found(expectation.emptyStatus, `TCPCHK got an empty response at step ${expectation.step}`)];
    if (input.type === 'data') this.#received = Buffer.concat([this.#received, input.bytes]);
    return this.#proceed(input.type === 'end' || this.#received.length >= MAX_ANSWER_BYTES);
  }

  /** Takes turns until one has to wait. */
  #proceed(isLast: boolean): readonly ConversationEffect[] {
    const effects: ConversationEffect[] = [];
    for (; this.#at < this.#turns.length; this.#at++) {
      const turn = this.#turns[this.#at];
      if ('send' in turn) {
        effects.push({ type: 'send', bytes: turn.send });
        this.#received = Buffer.alloc(0);
        continue;
      }
      if (this.#received.length === 0 && !isLast) return effects;
      const judgement = turn.expect.judge(this.#received, isLast);
      if (judgement === 'next') continue;
      if (judgement === 'more') return isLast ? [...effects, found(turn.expect.emptyStatus)] : effects;
      if (judgement.farewell !== undefined) effects.push({ type: 'send', bytes: judgement.farewell });
      return [...effects, judgement];
    }
    return effects;
  }
}
