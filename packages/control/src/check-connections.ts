// Checks connect as the data plane does: on libuv's handles, at about two thirds of what a socket of node:net costs.

import type { OpenCheckConnection } from '@evenkeel/checks';
import { Connection } from '@evenkeel/proxy/main';

/** Nobody reads a coarse time of the main thread, so nothing is refreshed. */
const CLOCK = {
  get now(): number {
    return performance.now();
  },
  refresh(): void {},
};

/** Opens a connection of the data plane's kind from the main thread. */
export const openCheckConnection: OpenCheckConnection = (target, owner) => Connection.open(target, CLOCK, owner);
