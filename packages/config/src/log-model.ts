/** Where lines of the log go, and how they look (manual 3.1 "log", 3.9, 8.2), as plain data; conventions as in `model.ts`. */

import type { LogFormat } from './expression-model.ts';
import type { Server } from './server-model.ts';
import type { Position } from './source-model.ts';

export type LogFormatChoice =
  | { readonly kind: 'default' }
  | { readonly kind: 'tcplog' }
  | { readonly kind: 'httplog' }
  | { readonly kind: 'clf' }
  | { readonly kind: 'httpslog' }
  | { readonly kind: 'custom'; readonly format: LogFormat };

/** Formats of whole lines (manual section 3.1, "log"); `json` is our own: one object a line. */
export type LogFormatName = 'local' | 'rfc3164' | 'rfc5424' | 'priority' | 'short' | 'timed' | 'iso' | 'raw' | 'json';

export interface LogTarget {
  readonly at: Position;
  readonly destination:
    | { readonly kind: 'stdout' }
    | { readonly kind: 'stderr' }
    | { readonly kind: 'fd'; readonly fd: number }
    /** Our own: a regular file. */
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'unix'; readonly path: string }
    | { readonly kind: 'abstract'; readonly name: string }
    | { readonly kind: 'udp'; readonly host: string; readonly port: number }
    | { readonly kind: 'ring'; readonly name: string };
  /** Longest line in bytes; 1024 unless set. */
  readonly length: number;
  readonly format: LogFormatName;
  readonly sample: { readonly ranges: readonly (readonly [number, number])[]; readonly size: number } | undefined;
  /** 0 (kern) .. 23 (local7). */
  readonly facility: number;
  /** 0 (emerg) .. 7 (debug): nothing less severe is sent. */
  readonly level: number;
  /** Nothing is sent as more severe than this. */
  readonly minLevel: number;
}

/** A `ring` section (manual section 3.9), or what stands in for one where a `log` line names a stream. */
export interface Ring {
  readonly name: string;
  readonly at: Position;
  readonly description: string;
  /** Of what is stored; `raw` unless set. */
  readonly format: LogFormatName;
  /** Bytes of the whole; `tune.bufsize` unless set. */
  readonly size: number;
  /** Bytes of one event with its header; at most `size`. */
  readonly maxlen: number;
  readonly backingFile: string | undefined;
  readonly timeoutConnectMs: number | undefined;
  readonly timeoutServerMs: number | undefined;
  readonly servers: readonly Server[];
}
