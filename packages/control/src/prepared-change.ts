/**
 * One part of a publication: what a configuration needs beyond the one that serves, open and not yet visible to anybody. All
 * parts become visible together once every one of them, and every data thread, is ready; or each is taken back.
 */

import type { Config } from '@evenkeel/config';

export interface PreparedChange {
  /** What could not be opened, as sentences for the operator. */
  readonly errors: readonly string[];
  /** Gives new Unix sockets their names, as the last act that can fail; returns what failed. */
  publishPaths(): readonly string[];
  /** Makes the new state the current one and closes what is no longer named. */
  commit(): void;
  /** Closes what was opened; the state before stays. */
  rollBack(): void;
}

/** A part of the process that follows each configuration together with the data threads. */
export interface Follower {
  prepare(config: Config): Promise<PreparedChange>;
}
