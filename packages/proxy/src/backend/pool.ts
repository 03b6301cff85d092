// The idle HTTP connections of one server on one thread (manual: `http-reuse`, `pool-max-conn`, `pool-purge-delay`,
// `pool-low-conn`, `max-reuse`). An idle connection keeps being read: any byte or FIN removes it, so a stream rarely gets
// a dead one. Streams do not use this: their dispatch does.

export interface ServerPool {
  /** Idle connections kept now on this thread. */
  readonly idle: number;
  /** Idle connections kept that have been reused at least once, part of `idle`. */
  readonly safe: number;
  /** Server connections open on this thread, in use or idle. */
  readonly open: number;
  /** Closes all idle connections: the server went down, left the configuration or changed its address. */
  clear(): void;
}
