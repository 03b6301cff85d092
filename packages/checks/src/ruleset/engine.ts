// Runs the steps of a ruleset as one conversation (manual: `option tcp-check`, `option httpchk`). Knows steps and the order of
// events; what a rule says is in its step (compile.ts). No I/O.
//
// Rules that expect something, one behind the other, look at the same bytes; a send forgets what was received before, so that
// an answer cannot come before its question, and a connect begins anew.

import type { CheckSubject, Conversation, ConversationEffect, ConversationInput } from '../conversation.ts';
import type { CheckStatus } from '../status.ts';
import { HttpAnswer, TcpAnswer, type AnswerReader } from './answer.ts';
import type { CompiledRuleset } from './compile.ts';
import type { CheckContext } from './context.ts';
import type { ExpectStep, SendStep, Step } from './step.ts';

export class RulesetConversation implements Conversation {
  readonly #ruleset: CompiledRuleset;
  readonly #subject: CheckSubject;
  readonly #context: CheckContext;
  #at = 0;
  /** Port that the connect under way names; 0 where it names none. */
  #port = 0;
  #linger = false;
  #method = '';
  #answer: AnswerReader;

  constructor(ruleset: CompiledRuleset, subject: CheckSubject, context: CheckContext) {
    this.#ruleset = ruleset;
    this.#subject = subject;
    this.#context = context;
    this.#answer = this.#newAnswer();
  }

  get timeoutStatus(): CheckStatus {
    const step = this.#step;
    return step?.action === 'expect' ? step.timeoutStatus : 'L7TOUT';
  }

  get closesByReset(): boolean {
    return !this.#linger;
  }

  /** Only rules of `tcp-check` are named. */
  get position(): string {
    const step = this.#step;
    if (this.#ruleset.protocol === 'http' || step === undefined) return '';
    if (step.number === 0) return ' at initial connection step of tcp-check';
    const comment = step.comment === '' ? '' : ` comment: '${step.comment}'`;
    return ` at step ${step.number} of tcp-check${this.#what(step)}${comment}`;
  }

  start(): readonly ConversationEffect[] {
    return this.#advance();
  }

  handle(input: ConversationInput): readonly ConversationEffect[] {
    switch (input.type) {
      case 'connected':
        this.#at++;
        break;
      case 'data':
        this.#answer.take(input.bytes);
        break;
      case 'end':
        this.#answer.end();
        break;
      case 'exited':
        // Rules start no program.
        return [];
    }
    return this.#advance();
  }

  get #step(): Step | undefined {
    return this.#ruleset.steps[this.#at];
  }

  #what(step: Step): string {
    switch (step.action) {
      case 'connect':
        return this.#port === 0 ? ' (connect)' : ` (connect port ${this.#port})`;
      case 'expect':
        return ` (${step.words})`;
      case 'send':
        return ' (send)';
      case 'run':
        return '';
    }
  }

  /** Runs steps until one has to wait, or all are done. */
  #advance(): readonly ConversationEffect[] {
    const effects: ConversationEffect[] = [];
    for (let step = this.#step; step !== undefined; step = this.#step) {
      switch (step.action) {
        case 'connect': {
          const { options, port } = step.options(this.#context, this.#subject);
          this.#port = port;
          this.#linger = step.linger;
          this.#forget();
          effects.push({ type: 'connect', options });
          return effects;
        }
        case 'send': {
          const bytes = step.bytes(this.#context);
          if (bytes === undefined) return [...effects, this.#sendFailed(step)];
          this.#method = step.method;
          this.#forget();
          if (bytes.length > 0) effects.push({ type: 'send', bytes });
          break;
        }
        case 'run':
          step.run(this.#context);
          break;
        case 'expect': {
          const verdict = this.#expect(step);
          if (verdict === 'wait') return effects;
          if (verdict !== 'next') return [...effects, verdict];
          break;
        }
      }
      this.#at++;
    }
    return [...effects, this.#success()];
  }

  #expect(step: ExpectStep): 'wait' | 'next' | ConversationEffect {
    const answer = this.#answer;
    if (answer.isInvalid) return this.#found('L7RSP', '');
    if (!answer.isReady) {
      if (!answer.isLast) return 'wait';
      const comment = step.comment === '' ? '' : ` comment: '${step.comment}'`;
      return this.#found(step.emptyStatus, `TCPCHK got an empty response at step ${step.number}${comment}`, step);
    }
    const context = this.#context;
    context.response = answer.head;
    if (answer.head === undefined) context.responseBuffer = answer.content;
    else context.responseBody = answer.content;
    // A server that is down stays so whatever it answers.
    if (this.#ruleset.disableOn404 && answer.head?.status === 404 && this.#subject.isUp())
      return this.#found('L7OKC', '');
    const judgement = step.judge(context, answer);
    switch (judgement.type) {
      case 'wait':
      case 'next':
        return judgement.type;
      case 'failed':
        return this.#found(judgement.status, judgement.info, step);
    }
  }

  /** All steps were passed: the last rule with traffic says what that means. */
  #success(): ConversationEffect {
    const last = this.#ruleset.steps.findLast((step) => step.action !== 'run');
    switch (last?.action) {
      case 'expect':
        return this.#found(last.success.status, last.success.info(this.#context), last);
      case 'send':
        return this.#found('L7OK', this.#ruleset.protocol === 'http' ? '' : '(tcp-check)');
      default:
        return this.#found('L4OK', last === undefined || last.number === 0 ? '' : '(tcp-check)');
    }
  }

  #sendFailed({ failure, number }: SendStep): ConversationEffect {
    return this.#found('L7RSP', `${failure} at step ${number}`);
  }

  /** `step` may say what the code is; otherwise it is the status of HTTP, or 0. */
  #found(status: CheckStatus, info: string, step?: ExpectStep): ConversationEffect {
    const code = step?.code?.(this.#context) ?? this.#context.response?.status ?? 0;
    return { type: 'found', status, code: CODED.has(status) ? code : -1, info };
  }

  #forget(): void {
    this.#answer = this.#newAnswer();
    const context = this.#context;
    context.response = undefined;
    context.responseBuffer = '';
    context.responseBody = '';
  }

  #newAnswer(): AnswerReader {
    const { protocol, bufferBytes, maxHeaders } = this.#ruleset;
    return protocol === 'tcp' ? new TcpAnswer(bufferBytes) : new HttpAnswer(bufferBytes, maxHeaders, this.#method);
  }
}

/** Statuses beside which a code is shown. */
const CODED: ReadonlySet<CheckStatus> = new Set(['L7OK', 'L7OKC', 'L7STS']);
