// Programs that checks run: started without a shell, with the given environment alone and no descriptor of ours but the
// standard ones, each in a process group of its own, so that a time-out ends also what it has started. How many run at once
// is bounded; Node reaps those that end.

import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setCloseOnExec, support } from '@evenkeel/sys';
import type { ProgramCall, ProgramExit } from './conversation.ts';

/** Enough for programs that mostly wait; a check that finds no place begins later. */
export const MAX_PROGRAMS = 32 * availableParallelism();
/** What is kept of the output: the lines that say why. */
const MAX_OUTPUT_CHARACTERS = 4096;
/** From the polite request to end to the one that cannot be refused. */
const KILL_AFTER_MS = 1000;

export interface RunningProgram {
  /** Ends it and what it has started, politely at first; nothing is told of it any more. */
  stop(): void;
}

export class Programs {
  readonly #running = new Set<ChildProcess>();
  #isTight = false;

  get isFull(): boolean {
    return this.#running.size >= MAX_PROGRAMS;
  }

  /** Ends all at once, also those that were asked to end and have not yet. */
  kill(): void {
    for (const child of this.#running) signalGroup(child, 'SIGKILL');
  }

  start(call: ProgramCall, tell: (exit: ProgramExit) => void): RunningProgram {
    if (!this.#isTight) keepDescriptors();
    this.#isTight = true;
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
    this.#running.add(child);
    let text = '';
    const keep = (chunk: Buffer): void => {
      text = (text + chunk.toString('latin1')).slice(0, MAX_OUTPUT_CHARACTERS);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    let killer: NodeJS.Timeout | undefined;
    let isOver = false;
    let isToEnd = false;
    const end = (exit: ProgramExit): void => {
      if (isOver) return;
      isOver = true;
      this.#running.delete(child);
      clearTimeout(killer);
      tell(exit);
    };
    child.once('error', (error) => end({ type: 'failure', code: codeOf(error) }));
    // Not `close`: something that it started may hold its output open for good.
    child.once('exit', (status, signal) => {
      // What it has started may not have heard.
      if (isToEnd) signalGroup(child, 'SIGKILL');
      if (status === null) end({ type: 'signal', signal: signal ?? 'a signal' });
      // Lines of a program that has ended may still be on their way.
      else if (call.keepsOutput) setImmediate(() => end({ type: 'status', status, output: text }));
      else end({ type: 'status', status, output: '' });
    });
    return {
      stop: () => {
        tell = () => undefined;
        if (isOver) return;
        isToEnd = true;
        signalGroup(child, 'SIGTERM');
        killer = setTimeout(() => signalGroup(child, 'SIGKILL'), KILL_AFTER_MS);
        killer.unref();
      },
    };
  }
}

/** The descriptors that this process makes are its own anyway; those that it was started with are kept from programs here. */
function keepDescriptors(): void {
  if (!support('native').supported) return;
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      if (Number(name) > STDERR) setCloseOnExec(Number(name), true);
    } catch {
      // The one that read the list is gone by now.
    }
  }
}

const STDERR = 2;

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
