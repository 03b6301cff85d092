// What the main thread may see of the data plane: types only, so that importing this costs no start-up time. Data threads
// start at the entry '@evenkeel/proxy/thread'.
export type * from './plan.ts';
export type { PackedPlan } from './packed-plan.ts';
export type * from './thread-protocol.ts';
export type * from './thread-questions.ts';
export type { ProfiledFunction, ProfiledSubject } from './profiler.ts';
export type { InvalidMessage, NamedObject } from './errors/invalid-messages.ts';
