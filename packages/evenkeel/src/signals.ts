/** The process's signals as a queue with one listener: what arrives before anybody listens is kept, in order. */

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
  /** Hears every signal from now on, those that came earlier first. */
  listen(listener: (signal: HandledSignal) => void): void;
}

export function catchSignals(): Signals {
  const early: HandledSignal[] = [];
  let listener: ((signal: HandledSignal) => void) | undefined;
  for (const signal of HANDLED_SIGNALS) {
    process.on(signal, () => {
      if (listener === undefined) early.push(signal);
      else listener(signal);
    });
  }
  return {
    listen(next) {
      listener = next;
      for (const signal of early.splice(0)) next(signal);
    },
  };
}
