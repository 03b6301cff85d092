// The registry of balance algorithms (manual: `balance`): one line for each.

import type { Balance } from '@evenkeel/config';
import type { LockParty } from '@evenkeel/shm';
import type { Balancer, Candidate } from './balancer.ts';
import { LeastConn } from './leastconn.ts';
import { RoundRobin } from './roundrobin.ts';

/** What an algorithm is given of its backend. */
export interface BalanceEnvironment {
  /** Shared words of this backend and generation, see shared-words.ts. */
  readonly words: Int32Array;
  /** Servers of the backend, usable or not. */
  readonly servers: number;
  /** The calling thread, as locks know it. */
  readonly me: LockParty;
}

const algorithms = {
  roundrobin: (environment) => new RoundRobin(environment.words),
  leastconn: (environment) => new LeastConn(environment.words, environment.servers, environment.me),
} satisfies Record<string, <Target extends Candidate>(environment: BalanceEnvironment) => Balancer<Target>>;

export type BuiltAlgorithm = keyof typeof algorithms;
export const builtAlgorithms = Object.keys(algorithms) as readonly BuiltAlgorithm[];

export function isBuilt(algorithm: Balance['algorithm']): algorithm is BuiltAlgorithm {
  return algorithm in algorithms;
}

/** Throws RangeError for an algorithm that the configuration checker should have refused. */
export function createBalancer<Target extends Candidate>(
  balance: Balance,
  environment: BalanceEnvironment,
): Balancer<Target> {
  if (!isBuilt(balance.algorithm)) throw new RangeError(`balance ${balance.algorithm} is not built`);
  return (algorithms[balance.algorithm] as (environment: BalanceEnvironment) => Balancer<Target>)(environment);
}
