// Runs checks over real sockets, from the main thread: when each is due, its connection, its end. One timer for all. What a
// check says and how long it may take is the run's (run.ts); what a result means for the server is the monitor's.

import type {
  CheckConnection,
  CheckConnectionOwner,
  ConnectionTarget,
  OpenCheckConnection,
} from './check-connection.ts';
import type { CheckSubject, ConnectOptions, ProgramCall, Protocol } from './conversation.ts';
import { DeadlineQueue } from './deadlines.ts';
import { makeUpFor } from './interval.ts';
import { Programs, type RunningProgram } from './programs.ts';
import type { ConnectionEnds } from './preamble.ts';
import { CheckRun, type RunEffect, type RunInput, type RunLimits } from './run.ts';
import type { CheckResult } from './status.ts';

/** How long a check waits for a place among the programs before it asks again. */
const FULL_WAIT_MS = 100;

/**
 * Deadlines are served together, this far apart: with 2,000 checks a second ten begin at once, which saves most of the turns
 * of the event loop. Intervals are whole ms and seldom below 100, and what a check was late is made up for.
 */
const TICK_MS = 5;

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
  readonly #open: OpenCheckConnection;
  readonly #deadlines = new DeadlineQueue<Check>();
  readonly #programs = new Programs();
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;

  /** `now` is monotonic ms. */
  constructor(now: () => number, open: OpenCheckConnection) {
    this.#now = now;
    this.#open = open;
  }

  /** Checks that are under way or will be. */
  get size(): number {
    return this.#deadlines.size;
  }

  add(target: CheckTarget, delayMs: number): RunningCheck {
    const check = new Check(target, this.#programs, this.#now, this.#open, (deadline) => this.#arm(check, deadline));
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
    const next = Math.ceil((this.#deadlines.next() ?? Infinity) / TICK_MS) * TICK_MS;
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
  readonly #open: OpenCheckConnection;
  readonly #arm: (deadline: number | undefined) => void;
  #run: CheckRun | undefined;
  #attempt: Attempt | undefined;
  #program: RunningProgram | undefined;
  #stopped = false;
  /** How late the check that runs was begun, ms. */
  #lateMs = 0;
  /** When the next check is due, monotonic ms; Infinity before the first is known. */
  #dueMs = Infinity;

  constructor(
    target: CheckTarget,
    programs: Programs,
    now: () => number,
    open: OpenCheckConnection,
    arm: (deadline: number | undefined) => void,
  ) {
    this.#target = target;
    this.#programs = programs;
    this.#now = now;
    this.#open = open;
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
    const attempt = new Attempt((from, input) => this.#hear(from, input));
    this.#attempt = attempt;
    if ('path' in address) return attempt.start(this.#open, { path: address.path });
    const { host, port } = socks4 ?? address;
    const { localAddress } = this.#target;
    attempt.start(this.#open, localAddress === undefined ? { host, port } : { host, port, localAddress });
  }

  #execute(call: ProgramCall): void {
    const run = this.#run;
    this.#program = this.#programs.start(call, (exit) => {
      this.#program = undefined;
      if (run !== undefined && run === this.#run) this.#carryOut(run.handle(this.#now(), { type: 'exited', exit }));
    });
  }

  #hear(attempt: Attempt, input: RunInput): void {
    // A connection that was let go may still speak.
    if (attempt !== this.#attempt || this.#run === undefined) return;
    this.#carryOut(this.#run.handle(this.#now(), input));
  }

  #carryOut(effects: readonly RunEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'connect':
          this.#connect(effect.options);
          break;
        case 'send':
          this.#attempt?.connection?.write(effect.bytes);
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
    const connection = this.#attempt?.connection;
    this.#attempt = undefined;
    if (how === 'reset') connection?.reset();
    else connection?.destroy();
  }
}

/** One connection of a check: turns what it brings into inputs of the run. */
class Attempt implements CheckConnectionOwner {
  connection: CheckConnection | undefined = undefined;
  readonly #hear: (from: Attempt, input: RunInput) => void;

  constructor(hear: (from: Attempt, input: RunInput) => void) {
    this.#hear = hear;
  }

  start(open: OpenCheckConnection, target: ConnectionTarget): void {
    this.connection = open(target, this);
    this.connection.resume();
  }

  onConnect(): void {
    this.#hear(this, { type: 'connected', ends: () => endsOf(this.connection) });
  }

  onData(bytes: Buffer): void {
    this.#hear(this, { type: 'data', bytes });
  }

  onEnd(): void {
    this.#hear(this, { type: 'end' });
  }

  onDrain(): void {}

  onClose(error: { readonly code: string } | undefined): void {
    if (error !== undefined) this.#hear(this, { type: 'error', code: error.code });
  }
}

/** Undefined for a Unix socket, and for a connection that has gone meanwhile. */
function endsOf(connection: CheckConnection | undefined): ConnectionEnds | undefined {
  if (connection === undefined) return undefined;
  const { local, remote } = connection;
  if (local.address === '' || remote.address === '') return undefined;
  return { local: { host: local.address, port: local.port }, remote: { host: remote.address, port: remote.port } };
}
