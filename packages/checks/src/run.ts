// One check of one server from the connect to the verdict, without I/O: the runner passes in what happened on the socket
// and carries the effects out, in order. Time-outs are here (manual "timeout check"): without it `inter` bounds the whole
// check; with it min(`timeout connect`, `inter`) bounds the connect and `timeout check` what follows.
//
// A check that timed out while our own event loop was late says nothing about the server: its answer may lie in the kernel,
// unread. The deadline is then moved by what the loop was late, once, so that the answer is read first; if the loop
// is late again the check is void.

import { connectFinding, isOfThisSide, socketFinding } from './errors.ts';
import type {
  CheckSubject,
  ConnectOptions,
  Conversation,
  ConversationEffect,
  ConversationInput,
  Protocol,
} from './conversation.ts';
import type { CheckResult, CheckStatus } from './status.ts';

export interface RunLimits {
  readonly connectMs: number;
  /** After the connect; undefined = what is left of connectMs. */
  readonly readMs: number | undefined;
}

export type RunInput = ConversationInput | { readonly type: 'error'; /** errno name */ readonly code: string };

export type RunEffect =
  /** Opens a connection; the one that there was is closed before. */
  | { readonly type: 'connect'; readonly options: ConnectOptions }
  | { readonly type: 'send'; readonly bytes: Buffer }
  | { readonly type: 'close'; readonly how: 'destroy' | 'reset' }
  | { readonly type: 'result'; readonly result: CheckResult }
  /** Nothing was found out. */
  | { readonly type: 'void' };

/** A timer that fires this late means that the loop was busy, not that the server was slow: normal lateness is below 10 ms. */
export const LATE_MS = 50;

export class CheckRun {
  readonly #protocol: Protocol;
  readonly #limits: RunLimits;
  readonly #subject: CheckSubject;
  readonly #conversation: Conversation;
  readonly #startedMs: number;
  #connected = false;
  #done = false;
  #deadline: number;
  #wasLate = false;

  /** Times are monotonic ms. */
  constructor(protocol: Protocol, subject: CheckSubject, limits: RunLimits, now: number) {
    this.#protocol = protocol;
    this.#limits = limits;
    this.#subject = subject;
    this.#conversation = protocol.begin(subject);
    this.#startedMs = now;
    this.#deadline = now + limits.connectMs;
  }

  /** The first effects: usually a connect. */
  start(now: number): RunEffect[] {
    if (this.#conversation.start === undefined)
      return [{ type: 'connect', options: this.#subject.connection }];
    return this.#carryOut(now, this.#conversation.start());
  }

  handle(now: number, input: RunInput): RunEffect[] {
    if (this.#done) return [];
    if (input.type === 'error') {
      // Otherwise a lack of descriptors here would take every server down.
      if (!this.#connected && isOfThisSide(input.code)) return this.#giveUp();
      const { status, info } = this.#connected ? socketFinding(input.code) : connectFinding(input.code);
      return this.#finish(now, status, -1, info + this.#position);
    }
    if (input.type === 'connected') {
      this.#connected = true;
      if (this.#limits.readMs !== undefined) this.#deadline = now + this.#limits.readMs;
    }
    return this.#carryOut(now, this.#conversation.handle(input));
  }

  handleTimeout(now: number): RunEffect[] {
    if (this.#done || now < this.#deadline) return [];
    const late = now - this.#deadline;
    if (late < LATE_MS) {
      const status = this.#connected ? this.#conversation.timeoutStatus : 'L4TOUT';
      return this.#finish(now, status, -1, this.#position);
    }
    if (!this.#wasLate) {
      this.#wasLate = true;
      this.#deadline = now + late;
      return [];
    }
    return this.#giveUp();
  }

  /** Monotonic ms; undefined when it is over. */
  nextTimeout(): number | undefined {
    return this.#done ? undefined : this.#deadline;
  }

  get #position(): string {
    return this.#conversation.position ?? '';
  }

  #giveUp(): RunEffect[] {
    this.#done = true;
    return [{ type: 'close', how: 'reset' }, { type: 'void' }];
  }

  #carryOut(now: number, effects: readonly ConversationEffect[]): RunEffect[] {
    const out: RunEffect[] = [];
    for (const effect of effects) {
      if (effect.type === 'send') out.push(effect);
      else if (effect.type === 'connect') {
        if (this.#connected) out.push({ type: 'close', how: this.#protocol.closesByReset ? 'reset' : 'destroy' });
        this.#connected = false;
        out.push(effect);
      } else {
        out.push(...this.#finish(now, effect.status, effect.code, effect.info));
        break;
      }
    }
    return out;
  }

  #finish(now: number, status: CheckStatus, code: number, info: string): RunEffect[] {
    this.#done = true;
    const how = this.#protocol.closesByReset || !this.#connected ? 'reset' : 'destroy';
    return [
      { type: 'close', how },
      { type: 'result', result: { status, code, info, durationMs: Math.round(now - this.#startedMs) } },
    ];
  }
}
