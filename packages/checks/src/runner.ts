// Runs checks over real sockets, from the main thread: when each is due, its connection, its end. One timer for all. What a
// check says and how long it may take is the run's (run.ts); what a result means for the server is the monitor's.

import net from 'node:net';
import type { CheckSubject, ConnectOptions, ProgramCall, Protocol } from './conversation.ts';
import { DeadlineQueue } from './deadlines.ts';
import { makeUpFor } from './interval.ts';
import { Programs, type RunningProgram } from './programs.ts';
import type { ConnectionEnds } from './preamble.ts';
import { CheckRun, type RunEffect, type RunLimits } from './run.ts';
import type { CheckResult } from './status.ts';

/** How long a check waits for a place among the programs before it asks again. */
const FULL_WAIT_MS = 100;

/** One server as the runner sees it. */
export interface CheckTarget {
  readonly protocol: Protocol;
  /** Asked anew for each check. */
  subject(): CheckSubject;
  /** Address that connections come from; undefined = what the system chooses. */
  readonly localAddress: string | undefined;
  limits(): RunLimits;
  /** ms from the end of a check to the next. */
  nextIntervalMs(): number;
  onBegin(): void;
  onResult(result: CheckResult): void;
  /** Nothing was found out, because this process was late. */
  onVoid(): void;
}

/** Checks of one target; made by `CheckRunner.add`. */
export interface RunningCheck {
  /** No more checks; one that is under way is closed and says nothing. */
  stop(): void;
  /** The next check is due in that many ms, wherever it stood; one that is under way goes on. */
  reschedule(delayMs: number): void;
  /** The next check is due within that many ms; one that is under way goes on. */
  hurry(delayMs: number): void;
}

export class CheckRunner {
  readonly #now: () => number;
  readonly #deadlines = new DeadlineQueue<Check>();
  readonly #programs = new Programs();
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;

  /** `now` is monotonic ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Checks that are under way or will be. */
  get size(): number {
    return this.#deadlines.size;
  }

  add(target: CheckTarget, delayMs: number): RunningCheck {
    const check = new Check(target, this.#programs, this.#now, (deadline) => this.#arm(check, deadline));
    check.reschedule(delayMs);
    return check;
  }

  /** Ends programs that still run. The checks themselves are stopped one by one. */
  stop(): void {
    this.#programs.kill();
  }

  #arm(check: Check, deadline: number | undefined): void {
    this.#deadlines.set(check, deadline);
    this.#schedule();
  }

  #schedule(): void {
    const next = this.#deadlines.next() ?? Infinity;
    if (next === this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = next;
    if (next === Infinity) return;
    this.#timer = setTimeout(() => this.#fire(), Math.max(0, next - this.#now()));
    this.#timer.unref();
  }

  #fire(): void {
    this.#timerAt = Infinity;
    // Only what is due now: a check that is due again at once waits for the next turn of the loop.
    for (const check of this.#deadlines.take(this.#now())) check.handleTimeout();
    this.#schedule();
  }
}

class Check implements RunningCheck {
  readonly #target: CheckTarget;
  readonly #programs: Programs;
  readonly #now: () => number;
  readonly #arm: (deadline: number | undefined) => void;
  #run: CheckRun | undefined;
  #socket: net.Socket | undefined;
  #program: RunningProgram | undefined;
  #isUnix = false;
  #stopped = false;
  /** How late the check that runs was begun, ms. */
  #lateMs = 0;
  /** When the next check is due, monotonic ms; Infinity before the first is known. */
  #dueMs = Infinity;

  constructor(target: CheckTarget, programs: Programs, now: () => number, arm: (deadline: number | undefined) => void) {
    this.#target = target;
    this.#programs = programs;
    this.#now = now;
    this.#arm = arm;
  }

  stop(): void {
    this.#stopped = true;
    this.#run = undefined;
    this.#arm(undefined);
    this.#close('reset');
  }

  reschedule(delayMs: number): void {
    if (!this.#stopped && this.#run === undefined) this.#wait(this.#now() + delayMs);
  }

  hurry(delayMs: number): void {
    if (!this.#stopped && this.#run === undefined) this.#wait(Math.min(this.#dueMs, this.#now() + delayMs));
  }

  handleTimeout(): void {
    const now = this.#now();
    if (this.#run === undefined) this.#begin(now);
    else this.#carryOut(this.#run.handleTimeout(now));
  }

  #begin(now: number): void {
    const { protocol } = this.#target;
    if (protocol.runsPrograms === true && this.#programs.isFull) return this.#wait(now + FULL_WAIT_MS);
    this.#lateMs = now - this.#dueMs;
    this.#target.onBegin();
    this.#run = new CheckRun(protocol, this.#target.subject(), this.#target.limits(), now);
    this.#carryOut(this.#run.start(now));
  }

  #connect({ address, socks4 }: ConnectOptions): void {
    const socket = new net.Socket({ allowHalfOpen: true });
    this.#socket = socket;
    socket
      .on('connect', () => this.#hear(socket, { type: 'connected', ends: endsOf(socket) }))
      .on('data', (bytes: Buffer) => this.#hear(socket, { type: 'data', bytes }))
      .on('end', () => this.#hear(socket, { type: 'end' }))
      .on('error', (error: NodeJS.ErrnoException) =>
        this.#hear(socket, { type: 'error', code: error.code ?? 'EUNKNOWN' }),
      );
    this.#isUnix = 'path' in address;
    if ('path' in address) socket.connect({ path: address.path });
    else {
      socket.setNoDelay(true);
      const { host, port } = socks4 ?? address;
      const { localAddress } = this.#target;
      socket.connect({ host, port, autoSelectFamily: false, ...(localAddress === undefined ? {} : { localAddress }) });
    }
  }

  #execute(call: ProgramCall): void {
    const run = this.#run;
    this.#program = this.#programs.start(call, (exit) => {
      this.#program = undefined;
      if (run !== undefined && run === this.#run) this.#carryOut(run.handle(this.#now(), { type: 'exited', exit }));
    });
  }

  #hear(socket: net.Socket, input: Parameters<CheckRun['handle']>[1]): void {
    // A socket that was let go may still speak.
    if (socket !== this.#socket || this.#run === undefined) return;
    this.#carryOut(this.#run.handle(this.#now(), input));
  }

  #carryOut(effects: readonly RunEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'connect':
          this.#connect(effect.options);
          break;
        case 'send':
          this.#socket?.write(effect.bytes);
          break;
        case 'execute':
          this.#execute(effect.call);
          break;
        case 'close':
          this.#close(effect.how);
          break;
        case 'result':
          this.#over(() => this.#target.onResult(effect.result));
          return;
        case 'void':
          this.#over(() => this.#target.onVoid());
          return;
      }
    }
    this.#arm(this.#run?.nextTimeout());
  }

  /** The interval is asked after the result was told, since that decides which one applies. */
  #over(tell: () => void): void {
    this.#run = undefined;
    tell();
    if (this.#stopped) return;
    this.#wait(this.#now() + makeUpFor(this.#lateMs, this.#target.nextIntervalMs()));
  }

  /** Until the next check. */
  #wait(dueMs: number): void {
    this.#dueMs = dueMs;
    this.#arm(dueMs);
  }

  #close(how: 'destroy' | 'reset'): void {
    this.#program?.stop();
    this.#program = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined || socket.destroyed) return;
    // Resetting a Unix socket is not possible and throws; one that still connects has nothing to reset.
    if (how === 'reset' && !socket.connecting && !this.#isUnix) socket.resetAndDestroy();
    else socket.destroy();
  }
}

/** Undefined for a Unix socket, and for one that has gone meanwhile. */
function endsOf(socket: net.Socket): ConnectionEnds | undefined {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (localAddress === undefined || localPort === undefined) return undefined;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  return { local: { host: localAddress, port: localPort }, remote: { host: remoteAddress, port: remotePort } };
}
