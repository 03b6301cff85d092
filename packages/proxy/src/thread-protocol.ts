// What the supervisor (packages/control) and a data thread (thread.ts) say to each other. Plain data over the worker's
// message port; every shared figure travels in shared memory instead.
//
// A generation is published in two phases: `prepare` lets a thread bind what is new and build its object graph beside the
// one that serves; once every thread answered `prepared` without errors, `publish` makes it visible in one step. On any
// error all threads get `abort` and the old generation never stopped serving.
import type { ByteRingHandle, SegmentHandle } from '@evenkeel/shm';
import type { Capability } from '@evenkeel/sys';
import type { PackedPlan } from './packed-plan.ts';
import type { ThreadQuestion } from './thread-questions.ts';

/** Who a thread is. */
export interface ThreadInit {
  /** 0-based number of the data thread, as `bind … thread` counts them. */
  readonly index: number;
  /** Its number in shared memory: 0 is main. Another one than its index, where a thread that had the index still finishes. */
  readonly thread: number;
  /** Counts the threads that had this number in shared memory, from 1. */
  readonly incarnation: number;
  readonly segment: SegmentHandle;
  readonly logRing: ByteRingHandle;
  /** All that the thread may do as a privileged one: main may have more at the moment. Undefined leaves what it inherited. */
  readonly capabilities?: readonly Capability[];
}

/** Sockets that cannot be bound once per thread: Unix, abstract and inherited ones. The thread owns its duplicate and closes it. */
export interface ListenerDescriptor {
  /** `ListenerPlan.key` */
  readonly key: string;
  /** Listening descriptor, a duplicate made for this thread alone. */
  readonly descriptor: number;
}

export type ToThread =
  /** The first message, unless it is `stop`. */
  | { readonly type: 'begin'; readonly init: ThreadInit }
  | {
      readonly type: 'prepare';
      readonly plan: PackedPlan;
      readonly segment: SegmentHandle;
      readonly descriptors: readonly ListenerDescriptor[];
    }
  | { readonly type: 'publish'; readonly generation: number }
  | { readonly type: 'abort'; readonly generation: number }
  /** Stop accepting, close what is idle, let the rest finish; answered by `drained`. */
  | { readonly type: 'soft-stop' }
  /** The same, but connections that wait for a place begin first: other threads go on serving. */
  | { readonly type: 'leave' }
  /** During a soft stop: end every connection now, each with its log line. */
  | { readonly type: 'kill' }
  /** Close every connection and end; answered by the worker's exit. */
  | { readonly type: 'stop' }
  /** Listeners stop accepting (SIGTTOU) and start again (SIGTTIN); connections go on. */
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  /** Answered by `answer` with the same number. */
  | { readonly type: 'ask'; readonly number: number; readonly question: ThreadQuestion };

export type FromThread =
  /** The thread has loaded everything and waits for `begin`; it may be ended at any moment from now on. */
  | { readonly type: 'loaded' }
  /** After `begin`. */
  | { readonly type: 'ready' }
  | {
      readonly type: 'prepared';
      readonly generation: number;
      /** Sentences as HAProxy prints them: `Binding [haproxy.cfg:12] for frontend web: cannot bind socket (Address already in use) for [127.0.0.1:80]`. */
      readonly errors: readonly string[];
    }
  | { readonly type: 'published'; readonly generation: number }
  /** The oldest generation that a stream of this thread still lives on: slots released before it can be reclaimed. */
  | { readonly type: 'oldest'; readonly generation: number }
  /** After `soft-stop` or `leave`: the last client connection is gone. */
  | { readonly type: 'drained' }
  /** To `ask`: `answer` is of the question's type in ThreadAnswers. */
  | { readonly type: 'answer'; readonly number: number; readonly answer: unknown }
  /** Something an operator should read that is no line of a proxy's log. */
  | { readonly type: 'notice'; readonly level: 'warning' | 'alert'; readonly text: string };
