// The registry of balance algorithms (manual: `balance`, `hash-type`): one line for each. Those that hash differ in their key,
// see `balance-key.ts`; which server a hash names is the business of `hash-type`.

import type { Balance, Proxy } from '@evenkeel/config';
import type { LockParty } from '@evenkeel/shm';
import type { Balancer, Candidate, Member } from './balancer.ts';
import { Consistent } from './consistent.ts';
import { First } from './first.ts';
import { LeastConn } from './leastconn.ts';
import { MapBased } from './map-based.ts';
import { RandomDraws } from './random.ts';
import { RoundRobin } from './roundrobin.ts';
import { StaticRoundRobin } from './static-rr.ts';

/** What an algorithm is given of its backend. */
export interface BalanceEnvironment {
  /** Shared words of this backend and generation, see shared-words.ts. */
  readonly words: Int32Array;
  /** Servers of the backend, usable or not, by index. */
  readonly members: readonly Member[];
  /** The calling thread, as locks know it. */
  readonly me: LockParty;
  /** Streams that servers of the backend serve now, over all threads; asked only where `boundsLoads`. */
  readonly served: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** What of a proxy section chooses and sets the algorithm. */
export type BalanceSettings = Pick<Proxy, 'balance' | 'hashType' | 'hashBalanceFactor'>;

type Make = <Target extends Candidate>(environment: BalanceEnvironment, settings: BalanceSettings) => Balancer<Target>;

const algorithms = {
  roundrobin: ({ words }) => new RoundRobin(words),
  'static-rr': ({ words }) => new StaticRoundRobin(words),
  leastconn: ({ words, members, me }) => new LeastConn(words, members.length, me),
  first: ({ words, members, me }) => new First(words, members.length, me),
  random: ({ members, served, random }, { balance, hashBalanceFactor = 0 }) =>
    new RandomDraws(members, { draws: drawsOf(balance), factor: hashBalanceFactor, served, random }),
  'map-based': ({ words }) => new MapBased(words),
  consistent: ({ words, members, served }, { hashBalanceFactor = 0 }) =>
    new Consistent(words, members, hashBalanceFactor, served),
} satisfies Record<string, Make>;

export type AlgorithmName = keyof typeof algorithms;
export const algorithmNames = Object.keys(algorithms) as readonly AlgorithmName[];

/** Which of them a section asks for. */
export function algorithmOf({ balance, hashType }: BalanceSettings): AlgorithmName {
  switch (balance.algorithm) {
    case 'roundrobin':
    case 'static-rr':
    case 'leastconn':
    case 'first':
    case 'random':
      return balance.algorithm;
    case 'source':
    case 'uri':
    case 'url_param':
    case 'hdr':
    case 'rdp-cookie':
    case 'hash':
      return hashType.method;
  }
}

/** Whether `hash-balance-factor` has an effect: the backend's streams must then be counted. */
export function boundsLoads(settings: BalanceSettings): boolean {
  if ((settings.hashBalanceFactor ?? 0) === 0) return false;
  const name = algorithmOf(settings);
  return name === 'random' || name === 'consistent';
}

export function createBalancer<Target extends Candidate>(
  settings: BalanceSettings,
  environment: BalanceEnvironment,
): Balancer<Target> {
  const make: Make = algorithms[algorithmOf(settings)];
  return make<Target>(environment, settings);
}

function drawsOf(balance: Balance): number {
  return balance.algorithm === 'random' ? balance.draws : 1;
}
