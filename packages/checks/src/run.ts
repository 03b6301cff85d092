// One check of one server from the connect to the verdict, without I/O: the runner passes in what happened on the socket
// and carries the effects out, in order. Time-outs are here (manual "timeout check"): without it `inter` bounds each
// connection; with it min(`timeout connect`, `inter`) bounds the connect and `timeout check` what follows.
//
// A check that timed out while our own event loop was late says nothing about the server: its answer may lie in the kernel,
// unread. The deadline is then moved by what the loop was late, once, so that the answer is read first; if the loop
// is late again, by much, the check is void.

import { connectFinding, isOfThisSide, socketFinding } from './errors.ts';
import type {
  CheckSubject,
  ConnectOptions,
  Conversation,
  ConversationEffect,
  ConversationInput,
  ProgramCall,
  Protocol,
} from './conversation.ts';
import { Preamble, type ConnectionEnds } from './preamble.ts';
import { boundInfo, type CheckResult, type CheckStatus } from './status.ts';

export interface RunLimits {
  readonly connectMs: number;
  /** After the connect; undefined = what is left of connectMs. */
  readonly readMs: number | undefined;
}

export type RunInput =
  | Exclude<ConversationInput, { readonly type: 'connected' }>
  /** The connection stands. `ends` asks the kernel, so only who needs it calls it; it returns undefined for a Unix socket. */
  | { readonly type: 'connected'; readonly ends?: (() => ConnectionEnds | undefined) | undefined }
  | { readonly type: 'error'; /** errno name */ readonly code: string };

export type RunEffect =
  /** Opens a connection; the one that there was is closed before. */
  | { readonly type: 'connect'; readonly options: ConnectOptions }
  | { readonly type: 'send'; readonly bytes: Buffer }
  /** Starts a program; 'exited' is the next input. */
  | { readonly type: 'execute'; readonly call: ProgramCall }
  | { readonly type: 'close'; readonly how: 'destroy' | 'reset' }
  | { readonly type: 'result'; readonly result: CheckResult }
  /** Nothing was found out. */
  | { readonly type: 'void' };

const CONNECTED: ConversationInput = { type: 'connected' };

/** A timer that fires this late means that the loop was busy: at rest it is 5 ms late at most, as deadlines are served together. */
export const BUSY_MS = 10;

export class CheckRun {
  readonly #protocol: Protocol;
  readonly #limits: RunLimits;
  readonly #subject: CheckSubject;
  readonly #conversation: Conversation;
  readonly #startedMs: number;
  #connected = false;
  /** How the connection under way or at hand was asked for. */
  #options: ConnectOptions;
  /** What comes before the conversation, while it has not ended. */
  #preamble: Preamble | undefined;
  #done = false;
  #deadline: number;
  #wasLate = false;

  /** Times are monotonic ms. */
  constructor(protocol: Protocol, subject: CheckSubject, limits: RunLimits, now: number) {
    this.#protocol = protocol;
    this.#limits = limits;
    this.#subject = subject;
    this.#conversation = protocol.begin(subject);
    this.#options = subject.connection;
    this.#startedMs = now;
    this.#deadline = now + limits.connectMs;
  }

  /** The first effects: usually a connect. */
  start(now: number): RunEffect[] {
    if (this.#conversation.start === undefined) return [{ type: 'connect', options: this.#subject.connection }];
    return this.#carryOut(now, this.#conversation.start());
  }

  handle(now: number, input: RunInput): RunEffect[] {
    if (this.#done) return [];
    if (input.type === 'error') {
      // Otherwise a lack of descriptors here would take every server down.
      if (!this.#connected && isOfThisSide(input.code)) return this.#giveUp();
      if (this.#connected && this.#conversation.settled !== undefined) return this.#settle(now);
      const { status, info } = this.#connected ? socketFinding(input.code) : connectFinding(input.code);
      return this.#finish(now, status, -1, info + this.#position);
    }
    if (input.type === 'exited' && input.exit.type === 'failure' && isOfThisSide(input.exit.code))
      return this.#giveUp();
    if (input.type === 'connected') {
      this.#connected = true;
      if (this.#limits.readMs !== undefined) this.#allow(now, this.#limits.readMs);
      return this.#begin(now, input.ends);
    }
    if (this.#preamble !== undefined) return this.#hearPreamble(now, this.#preamble, input);
    return this.#carryOut(now, this.#conversation.handle(input));
  }

  /** The connection stands: what comes before the conversation, then the conversation. */
  #begin(now: number, ends: (() => ConnectionEnds | undefined) | undefined): RunEffect[] {
    const { sendProxy, socks4 } = this.#options;
    if (!sendProxy && socks4 === undefined) return this.#carryOut(now, this.#conversation.handle(CONNECTED));
    const preamble = new Preamble(this.#options, ends?.());
    const { send, waits } = preamble.start();
    if (waits) this.#preamble = preamble;
    const out: RunEffect[] = send === undefined ? [] : [{ type: 'send', bytes: send }];
    return waits ? out : [...out, ...this.#carryOut(now, this.#conversation.handle(CONNECTED))];
  }

  #hearPreamble(
    now: number,
    preamble: Preamble,
    input: Exclude<ConversationInput, { readonly type: 'connected' }>,
  ): RunEffect[] {
    const result = input.type === 'data' ? preamble.take(input.bytes) : preamble.end();
    switch (result.type) {
      case 'wait':
        return [];
      case 'failed':
        return this.#finish(now, 'SOCKERR', -1, result.info + this.#position);
      case 'done': {
        this.#preamble = undefined;
        const out: RunEffect[] = result.send === undefined ? [] : [{ type: 'send', bytes: result.send }];
        out.push(...this.#carryOut(now, this.#conversation.handle(CONNECTED)));
        if (!this.#done && result.rest.length > 0)
          out.push(...this.#carryOut(now, this.#conversation.handle({ type: 'data', bytes: result.rest })));
        return out;
      }
    }
  }

  #allow(now: number, limitMs: number): void {
    this.#deadline = now + limitMs;
    this.#wasLate = false;
  }

  handleTimeout(now: number): RunEffect[] {
    if (this.#done || now < this.#deadline) return [];
    const late = now - this.#deadline;
    if (late >= BUSY_MS && !this.#wasLate) {
      this.#deadline = now + late;
      this.#wasLate = true;
      return [];
    }
    // What lay in the kernel has been read since. A loop that is always late must not hide that a server is silent.
    if (this.#connected && this.#conversation.settled !== undefined) return this.#settle(now);
    const status = this.#connected ? this.#conversation.timeoutStatus : 'L4TOUT';
    return this.#finish(now, status, status === 'PROCTOUT' ? 0 : -1, this.#position);
  }

  /** Monotonic ms; undefined when it is over. */
  nextTimeout(): number | undefined {
    return this.#done ? undefined : this.#deadline;
  }

  get #closing(): 'destroy' | 'reset' {
    return (this.#conversation.closesByReset ?? this.#protocol.closesByReset) ? 'reset' : 'destroy';
  }

  get #position(): string {
    return this.#conversation.position ?? '';
  }

  #settle(now: number): RunEffect[] {
    const { settled } = this.#conversation;
    return settled === undefined ? [] : this.#finish(now, settled.status, settled.code, settled.info);
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
        if (this.#connected) out.push({ type: 'close', how: this.#closing });
        this.#connected = false;
        // Each connection has the whole time, as on HAProxy.
        this.#allow(now, this.#limits.connectMs);
        this.#options = effect.options;
        out.push(effect);
      } else if (effect.type === 'execute') {
        // A time-out is the program's from now on, whose time is that of a connect (`timeout check` is for answers).
        this.#connected = true;
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
    return [
      { type: 'close', how: this.#connected ? this.#closing : 'reset' },
      {
        type: 'result',
        result: {
          status,
          code,
          info: status === 'CHECKED' ? info : boundInfo(info),
          durationMs: Math.round(now - this.#startedMs),
        },
      },
    ];
  }
}
