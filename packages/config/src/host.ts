/**
 * What a configuration may ask of the machine it is read on. The parser is pure: the assembly passes a real host, tests pass
 * one that lives in memory.
 */

export type HostAnswer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

export interface ConfigHost {
  /** A file's bytes as latin1 text. `reason` is the system's text, as "No such file or directory". */
  readFile(path: string): HostAnswer<string>;
  /** Names of the entries of a directory, in any order. */
  listDirectory(path: string): HostAnswer<readonly string[]>;
  /** Environment at start, latin1. The parser works on a copy. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostname: string;
  readonly pid: number;
  readonly cpus: number;
  /** The HAProxy version whose language is spoken, for `version_atleast`: "2.6.12". */
  readonly version: string;
  /** OpenSSL version of the TLS layer, as "3.0.17", for `openssl_version_atleast`. */
  readonly opensslVersion: string;
  /** Build features by HAProxy's names ("OPENSSL", "THREAD"), for `feature()`. */
  readonly features: ReadonlySet<string>;
  /** Numeric id of a user or group name; undefined where there is none. */
  userId(name: string): number | undefined;
  groupId(name: string): number | undefined;
}
