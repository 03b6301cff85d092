// Programs that checks run: started without a shell, with the given environment alone and no descriptor of ours but the
// standard ones, each in a process group of its own, so that a time-out ends also what it has started. How many run at once
// is bounded; Node reaps those that end.

import { spawn, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { ProgramCall, ProgramExit } from './conversation.ts';

/** Enough for programs that mostly wait; a check that finds no place begins later. */
export const MAX_PROGRAMS = 32 * availableParallelism();
/** What is kept of the output: the lines that say why. */
const MAX_OUTPUT_CHARACTERS = 4096;
/** From the polite request to end to the one that cannot be refused. */
const KILL_AFTER_MS = 1000;

export interface RunningProgram {
  /** Ends it and what it has started; nothing is told of it any more. */
  stop(): void;
}

export class Programs {
  #running = 0;

  get isFull(): boolean {
    return this.#running >= MAX_PROGRAMS;
  }

  start(call: ProgramCall, tell: (exit: ProgramExit) => void): RunningProgram {
    const output = call.keepsOutput ? 'pipe' : 'inherit';
    let child: ChildProcess;
    try {
      child = spawn(call.command, call.arguments, {
        env: { ...call.environment },
        stdio: ['ignore', output, output],
        detached: true,
      });
    } catch (error) {
      queueMicrotask(() => tell({ type: 'failure', code: codeOf(error) }));
      return { stop: () => (tell = () => undefined) };
    }
    this.#running++;
    let text = '';
    const keep = (chunk: Buffer): void => {
      text = (text + chunk.toString('latin1')).slice(0, MAX_OUTPUT_CHARACTERS);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    let killer: NodeJS.Timeout | undefined;
    let isOver = false;
    const end = (exit: ProgramExit): void => {
      if (isOver) return;
      isOver = true;
      this.#running--;
      clearTimeout(killer);
      tell(exit);
    };
    child.once('error', (error) => end({ type: 'failure', code: codeOf(error) }));
    // Not `close`: something that it started may hold its output open for good.
    child.once('exit', (status, signal) => {
      if (status === null) end({ type: 'signal', signal: signal ?? 'a signal' });
      // Lines of a program that has ended may still be on their way.
      else if (call.keepsOutput) setImmediate(() => end({ type: 'status', status, output: text }));
      else end({ type: 'status', status, output: '' });
    });
    return {
      stop: () => {
        tell = () => undefined;
        if (isOver) return;
        signalGroup(child, 'SIGTERM');
        killer = setTimeout(() => signalGroup(child, 'SIGKILL'), KILL_AFTER_MS);
        killer.unref();
      },
    };
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It ended in the meantime.
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'EUNKNOWN';
}
