// What the control thread asks of data threads for the runtime socket, and what they answer. Plain data over the worker's message
// port, like the rest of the protocol (thread-protocol.ts). A thread answers at once, but for what has to bind sockets.
import type { Server } from '@evenkeel/config';
import type { FrontendCondition, SegmentHandle } from '@evenkeel/shm';
import type { InvalidMessage } from './errors/invalid-messages.ts';
import type { ProxyPlan } from './plan.ts';
import type { ProfiledFunction, ProfiledSubject } from './profiler.ts';

export type ThreadQuestion =
  /** Streams of this thread whose number is below `below`, the newest first, at most `most`. */
  | { readonly type: 'streams'; readonly below: number; readonly most: number }
  /** One stream, by its number. */
  | { readonly type: 'stream'; readonly number: number }
  /** Ends it (termination `K`). */
  | { readonly type: 'end-stream'; readonly number: number }
  /** Ends every stream that has a session of this server, of all generations. */
  | { readonly type: 'end-server-streams'; readonly serverSlot: number }
  /** Ends what lives on objects that a reload took away (termination `K`), of all generations. */
  | { readonly type: 'end-gone-streams'; readonly gone: GoneSlots }
  /** The last invalid request of each frontend and response of each backend. */
  | { readonly type: 'invalid-messages' }
  /** What the thread holds and has used. */
  | { readonly type: 'load' }
  /** Starts the profiler anew, or ends it. */
  | { readonly type: 'set-profiling'; readonly subject: ProfiledSubject; readonly on: boolean }
  /** What the profiler has seen. */
  | { readonly type: 'profile'; readonly subject: ProfiledSubject }
  /** What the pools of these servers need. */
  | { readonly type: 'pools'; readonly serverSlots: readonly number[] }
  /** The frontend's condition in shared memory has changed. */
  | { readonly type: 'frontend'; readonly frontendSlot: number; readonly condition: FrontendCondition }
  /**
   * The servers of a backend of the generation that serves have changed. `proxy` is its place in the plan; `servers` are parallel
   * to the plan's slots, undefined for those that the thread knows by their slot: there may be thousands.
   */
  | {
      readonly type: 'servers';
      readonly generation: number;
      readonly proxy: number;
      readonly servers: readonly (Server | undefined)[];
      readonly plan: ProxyPlan;
      readonly segment: SegmentHandle;
    };

/** Slots in shared memory of what a configuration does not have any more. */
export interface GoneSlots {
  readonly frontends: ReadonlySet<number>;
  readonly backends: ReadonlySet<number>;
  readonly servers: ReadonlySet<number>;
}

/** A question of one type. */
export type QuestionOf<Type extends ThreadQuestion['type']> = Extract<ThreadQuestion, { readonly type: Type }>;

export interface ThreadAnswers {
  readonly streams: readonly StreamFacts[];
  readonly stream: StreamFacts | undefined;
  /** Whether there was one. */
  readonly 'end-stream': boolean;
  /** How many. */
  readonly 'end-server-streams': number;
  /** How many. */
  readonly 'end-gone-streams': number;
  readonly 'invalid-messages': readonly InvalidMessage[];
  readonly load: ThreadLoad;
  readonly 'set-profiling': true;
  readonly profile: readonly ProfiledFunction[];
  /** Parallel to the question's. */
  readonly pools: readonly PoolFacts[];
  /** Listeners that could not go on, as `bindFailure` words it. */
  readonly frontend: readonly string[];
  readonly servers: true;
}

/** Sizes in bytes, times in microseconds since the thread began. */
export interface ThreadLoad {
  /** Of the data thread, from 0. */
  readonly index: number;
  readonly generation: number;
  /** Generations that are alive. */
  readonly generations: number;
  readonly sessions: number;
  readonly timers: number;
  readonly cpuUs: number;
  /** What its event loop worked, and what it waited. */
  readonly activeUs: number;
  readonly idleUs: number;
  readonly heapTotal: number;
  readonly heapUsed: number;
  /** Outside of the heap, kept by objects in it. */
  readonly external: number;
  readonly arrayBuffers: number;
}

/** A client connection that is being served, as `show sess` tells of it. */
export interface StreamFacts {
  /** Unique in the process: see `streamNumber`. */
  readonly number: number;
  readonly requestNumber: number;
  readonly source: EndFacts;
  readonly destination: EndFacts;
  readonly listenerId: number;
  readonly frontend: NamedFacts;
  /** Undefined before one is chosen, and for what is answered here. */
  readonly backend: NamedFacts | undefined;
  readonly server: (Omit<NamedFacts, 'mode'> & { readonly address: string }) | undefined;
  /** Ours and the server's end of the connection to it. */
  readonly serverEnds: { readonly local: EndFacts; readonly remote: EndFacts; readonly descriptor: number } | undefined;
  readonly acceptDateMs: number;
  readonly ageMs: number;
  /** What it does: `request`, `queue`, `connect`, `headers`, `data` … */
  readonly phase: string;
  readonly retries: number;
  /** Requests of the client connection so far; 0 in mode tcp. */
  readonly requests: number;
  /** Method and URI as the client sent them; undefined in mode tcp. */
  readonly request: string | undefined;
  readonly status: number;
  readonly descriptor: number;
  /** Received from the client, sent to it, and accepted for it but not yet sent. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly unsentBytes: number;
}

export interface NamedFacts {
  readonly name: string;
  readonly id: number;
  readonly mode: string;
}

/** `family` 0: a Unix socket. */
export interface EndFacts {
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6 | 0;
}

export interface PoolFacts {
  /** Most connections in use since the last purge, and what is kept for the next ones. */
  readonly needed: number;
  readonly estimate: number;
}

const THREAD_UNIT = 2 ** 40;
const LIFE_UNIT = 2 ** 32;

/** The number of a thread's `count`th client connection: no other thread, and no other life of the same thread, has it. */
export function streamNumber(thread: number, incarnation: number, count: number): number {
  return thread * THREAD_UNIT + (incarnation & 0xff) * LIFE_UNIT + count;
}

/** The thread of shared memory that has the stream. */
export function threadOfStream(number: number): number {
  return Math.floor(number / THREAD_UNIT);
}
