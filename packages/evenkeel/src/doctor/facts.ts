/** What the doctor knows of machine and configuration: plain data, gathered by the shell, judged by the rules. */

import type { Config } from '@evenkeel/config';
import type { JournalPlace } from '@evenkeel/control';
import type { Capability } from '@evenkeel/sys';

export interface Facts {
  readonly machine: Machine;
  /** Undefined where no configuration was given, or it is not valid. */
  readonly config: Config | undefined;
  /** By path: what stands at the paths that the configuration names. Those that were not looked at are not in it. */
  readonly files: ReadonlyMap<string, FileFact>;
  /** Where runtime changes are kept; undefined where they are not (`no persist-runtime`), or there is no configuration. */
  readonly journal: JournalPlace | undefined;
  /** Whom the daemon becomes (`user`, `group`); undefined where it stays who started it. */
  readonly user: { readonly name: string; readonly uid: number; readonly gid: number } | undefined;
  /** Undefined where nobody was to be asked. */
  readonly network: Network | undefined;
}

export interface Machine {
  /** As `26.10.0`. */
  readonly nodeVersion: string;
  /** Why the C library cannot be called; undefined where it can. */
  readonly nativeRefusal: { readonly why: string; readonly remedy: string } | undefined;
  readonly cpus: number;
  readonly uid: number;
  readonly capabilities: readonly Capability[];
  /** CAP_SYS_RESOURCE: the hard limit of descriptors may be raised. Root has it, but in some containers. */
  readonly raisesLimits: boolean;
  /** Limits of this process, which a daemon that is started from here inherits. */
  readonly descriptors: { readonly soft: number; readonly hard: number };
  /** By dotted name; undefined where the kernel lacks it. */
  readonly sysctls: Readonly<Record<string, string | undefined>>;
  /** Numeric, as the system writes them. */
  readonly addresses: readonly string[];
  readonly devices: readonly string[];
  /** TCP sockets that listen. */
  readonly sockets: readonly ListeningSocket[];
}

export interface ListeningSocket {
  /** `0.0.0.0` or `::` for any. */
  readonly address: string;
  readonly port: number;
  /** Undefined where the process is not to be seen: it is another user's. */
  readonly holder: Holder | undefined;
}

export interface Holder {
  readonly pid: number;
  readonly command: string;
  /** A daemon of ours, which may well be the one that the configuration is for. */
  readonly isEvenkeel: boolean;
}

export interface FileFact {
  readonly kind: 'missing' | 'file' | 'folder' | 'socket' | 'other';
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
  /** For who runs the doctor, who is taken for who starts the daemon; in a folder: whether files can be made in it. */
  readonly writable: 'yes' | 'no' | 'read-only';
}

export interface Network {
  readonly servers: readonly ReachedServer[];
  readonly names: readonly AskedName[];
  readonly nameServers: readonly AskedNameServer[];
}

export interface ReachedServer {
  readonly backend: string;
  readonly server: string;
  /** `10.0.0.1:80` */
  readonly target: string;
  /** Why no connection could be made; undefined where one was, `untried` where there was no time left. */
  readonly failure: string | undefined;
}

export interface AskedName {
  readonly name: string;
  /** Who stands at it: `server app/s1`. */
  readonly owner: string;
  readonly isKnown: boolean;
}

export interface AskedNameServer {
  /** The `resolvers` section. */
  readonly section: string;
  readonly name: string;
  readonly address: string;
  readonly answered: boolean;
}
