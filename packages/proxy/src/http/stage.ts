// Where a transaction stands. Numbers, since every chunk of data is looked at by stage.
import type { StreamPhase } from '../stream/termination.ts';

export const Stage = {
  /** Not serving a request. */
  idle: 0,
  /** Rules run, or wait for the request's body (`option http-buffer-request`). */
  request: 1,
  tarpit: 2,
  /** Waits for a server connection: queue or connect. */
  dispatch: 3,
  /** The request was, or is being, sent; waits for the response head. */
  head: 4,
  /** The response's body flows. */
  body: 5,
  /** The response is complete, the request is not. */
  upload: 6,
  /** Both are complete; the last bytes of the response are not with the kernel yet. */
  flush: 7,
  /** Bytes flow both ways, unread. */
  tunnel: 8,
} as const;

export type StageNumber = (typeof Stage)[keyof typeof Stage];

/** The second letter of the termination state (manual, 8.5) by stage; `dispatch` is split further by what it waits for. */
export const PHASE_OF_STAGE: readonly StreamPhase[] = [
  'request',
  'request',
  'tarpit',
  'connect',
  'headers',
  'data',
  'data',
  'last',
  'data',
];

/** Steps of the request stage, in the manual's order of rules. A step that waits is entered again when its wait is over. */
export const Step = {
  frontendBody: 0,
  frontendRules: 1,
  backendBody: 2,
  backendRules: 3,
} as const;

export type StepNumber = (typeof Step)[keyof typeof Step];

/** What becomes of the request's body. */
export const Upload = {
  /** Complete, or there is none. */
  complete: 0,
  /** More is to come. */
  open: 1,
  /** More is to come and nobody wants it: it is read so that the connection can be used again. */
  drained: 2,
} as const;

export type UploadState = (typeof Upload)[keyof typeof Upload];
