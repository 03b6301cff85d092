// How streams end: the two letters of the log's termination_state as data (manual, section 8.5), and the one table that
// maps what happened in which phase to them. Knows nothing of sockets; TCP streams and HTTP transactions both end here.
import type { DispatchFailure, ShutdownReason } from '../backend/dispatch.ts';

/** First letter: the first event that made the session end. */
export type TerminationCause = 'C' | 'S' | 'P' | 'L' | 'R' | 'I' | 'D' | 'U' | 'K' | 'c' | 's' | '-';
/** Second letter: what the stream was doing then. */
export type TerminationPhase = 'R' | 'Q' | 'C' | 'H' | 'D' | 'L' | 'T' | '-';

/** What a stream is doing; its letter is the second of the pair. */
export type StreamPhase =
  | 'request' // waiting for the whole request (HTTP), or for content inspection (TCP)
  | 'queue'
  | 'connect'
  | 'headers' // waiting for the response head
  | 'data'
  | 'last' // the server is done, the rest goes to the client
  | 'tarpit'
  | 'done';

export const PHASE_LETTER: Readonly<Record<StreamPhase, TerminationPhase>> = {
  request: 'R',
  queue: 'Q',
  connect: 'C',
  headers: 'H',
  data: 'D',
  last: 'L',
  tarpit: 'T',
  done: '-',
};

/** What ends a stream early, whatever it was doing. */
export type TerminationEvent =
  | 'client-abort' // RST, or FIN where it means that the client is gone
  | 'client-timeout'
  | 'server-abort'
  | 'server-timeout'
  | 'denied' // a rule or a limit of the proxy
  | 'local' // answered here: redirects, services
  | 'resource'
  | 'internal'
  | 'server-down' // on-marked-down shutdown-sessions
  | 'server-up' // on-marked-up shutdown-backup-sessions
  | 'killed'; // by an operator

export const CAUSE_LETTER: Readonly<Record<TerminationEvent, TerminationCause>> = {
  'client-abort': 'C',
  'client-timeout': 'c',
  'server-abort': 'S',
  'server-timeout': 's',
  denied: 'P',
  local: 'L',
  resource: 'R',
  internal: 'I',
  'server-down': 'D',
  'server-up': 'U',
  killed: 'K',
};

/** What ends the streams of a server. */
export const SHUTDOWN_EVENT: Readonly<Record<ShutdownReason, TerminationEvent>> = {
  down: 'server-down',
  up: 'server-up',
  killed: 'killed',
};

/** The letters for a dispatch that found no connection. */
export const DISPATCH_TERMINATION: Readonly<Record<DispatchFailure, readonly [TerminationCause, TerminationPhase]>> = {
  'no-server': ['S', 'C'],
  'queue-timeout': ['s', 'Q'],
  'queue-full': ['S', 'Q'],
  'connect-timeout': ['s', 'C'],
  refused: ['S', 'C'],
  unreachable: ['S', 'C'],
  resource: ['R', 'C'],
  'connect-error': ['S', 'C'],
};

/** The state of one stream: the first event wins, later ones are its consequences. */
export class Termination {
  cause: TerminationCause = '-';
  phase: TerminationPhase = '-';

  get isSet(): boolean {
    return this.cause !== '-';
  }

  /** Files `event`, seen while the stream was in `phase`; returns whether it was the first. */
  set(event: TerminationEvent, phase: StreamPhase): boolean {
    return this.setLetters(CAUSE_LETTER[event], PHASE_LETTER[phase]);
  }

  setLetters(cause: TerminationCause, phase: TerminationPhase): boolean {
    if (this.cause !== '-') return false;
    this.cause = cause;
    this.phase = phase;
    return true;
  }

  /** Two letters: `--`, `CD`. */
  get text(): string {
    return this.cause + this.phase;
  }

  reset(): void {
    this.cause = '-';
    this.phase = '-';
  }
}
