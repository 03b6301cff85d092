/**
 * The process's signals, with one listener at a time. Until somebody listens SIGTERM and SIGINT end the process at once, since
 * there is nothing to put in order yet; others are kept, in order.
 */

export const HANDLED_SIGNALS = [
  'SIGTERM',
  'SIGINT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGHUP',
  'SIGTTOU',
  'SIGTTIN',
  'SIGQUIT',
  'SIGPIPE',
] as const;

export type HandledSignal = (typeof HANDLED_SIGNALS)[number];

/** How the process ends: with a status, or of the signal that told it to. */
export type ProcessEnd = number | 'SIGTERM' | 'SIGINT';

export interface Signals {
  /** Hears every signal from now on, those that were kept first. */
  listen(listener: (signal: HandledSignal) => void): void;
}

export function catchSignals(): Signals {
  const early: HandledSignal[] = [];
  let listener: ((signal: HandledSignal) => void) | undefined;
  for (const signal of HANDLED_SIGNALS) {
    process.on(signal, () => {
      if (listener !== undefined) listener(signal);
      else if (signal === 'SIGTERM' || signal === 'SIGINT') dieOf(signal);
      else early.push(signal);
    });
  }
  return {
    listen(next) {
      listener = next;
      for (const signal of early.splice(0)) next(signal);
    },
  };
}

/** Dies as a program without a handler does: service managers and shells tell that from a status. */
export function dieOf(signal: 'SIGTERM' | 'SIGINT'): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
