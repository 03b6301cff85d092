// What tests and the benchmark must know to run every algorithm alike: the settings that choose it, keys for those that
// hash, and the rules that only some follow.

import type { HashType } from '@evenkeel/config';
import type { AlgorithmName, BalanceSettings } from './algorithms.ts';
import { NO_KEY } from './balancer.ts';

export interface TestedAlgorithm {
  readonly settings: BalanceSettings;
  /** The balance hash of the n-th stream; the same on all threads, evenly spread over any whole range of n. */
  readonly hash: (stream: number) => number;
  /** What each server gets of many streams that are kept, as weights; undefined where that is its weight. */
  readonly shares?: (weights: readonly number[]) => readonly number[];
  /** By how much a share may be off, as a part of the whole. */
  readonly tolerance: number;
  /** Whether shares come out right for large weights only, as few places on a circle differ much in what they catch. */
  readonly needsLargeWeights: boolean;
  /** Whether weights that change at run time count (manual: dynamic or static). */
  readonly isDynamic: boolean;
  /** Whether idle servers of one weight take turns in the order of the list, given no key. */
  readonly takesTurns: boolean;
  /** Whether the hash names its server, full or not, and whether another takes its place in a redispatch. */
  readonly namesServer: boolean;
  readonly avoids: boolean;
}

const UNUSED: HashType = { method: 'map-based', function: 'sdbm', avalanche: false };
const ONE_PERCENT = 0.01;

const plain: Omit<TestedAlgorithm, 'settings'> = {
  hash: () => NO_KEY,
  tolerance: ONE_PERCENT,
  needsLargeWeights: false,
  isDynamic: true,
  takesTurns: true,
  namesServer: false,
  avoids: true,
};

const settings = (balance: BalanceSettings['balance'], hashType: HashType = UNUSED): BalanceSettings => ({
  balance,
  hashType,
  hashBalanceFactor: undefined,
});

/** Multiples of the golden section of the circle of hashes: any number of them is evenly spread. */
const spread = (stream: number): number => Math.imul(stream, 2_654_435_769) >>> 0;

export const testedAlgorithms: Readonly<Record<AlgorithmName, TestedAlgorithm>> = {
  roundrobin: { ...plain, settings: settings({ algorithm: 'roundrobin' }) },
  'static-rr': { ...plain, settings: settings({ algorithm: 'static-rr' }), isDynamic: false },
  leastconn: { ...plain, settings: settings({ algorithm: 'leastconn' }) },
  first: {
    ...plain,
    settings: settings({ algorithm: 'first' }),
    shares: (weights) => weights.map((weight, index) => (index === weights.findIndex((each) => each > 0) ? weight : 0)),
    takesTurns: false,
  },
  random: {
    ...plain,
    settings: settings({ algorithm: 'random', draws: 2 }),
    takesTurns: false,
  },
  'map-based': {
    ...plain,
    settings: settings({ algorithm: 'source' }),
    hash: (stream) => stream,
    isDynamic: false,
    namesServer: true,
    avoids: false,
  },
  consistent: {
    ...plain,
    settings: settings({ algorithm: 'source' }, { method: 'consistent', function: 'sdbm', avalanche: true }),
    hash: spread,
    // What n places on a circle catch differs from server to server by about its square root.
    tolerance: 0.02,
    needsLargeWeights: true,
    takesTurns: false,
    namesServer: true,
  },
};
