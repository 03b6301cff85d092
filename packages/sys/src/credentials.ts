export type Capability = 'CAP_NET_BIND_SERVICE' | 'CAP_NET_ADMIN' | 'CAP_NET_RAW'
export interface PrivilegeDrop {
  readonly uid?: number
  readonly gid?: number
  /** Supplementary groups; undefined leaves only `gid`. */
  readonly groups?: readonly number[]
  /** Kept in the effective, permitted, inheritable and ambient sets of this thread and of those started after it. */
  readonly keep: readonly Capability[]
}

/** Main thread only, before any worker is started. Throws SysError; then nothing may be assumed and the process must end. */
export declare function dropPrivileges(drop: PrivilegeDrop): void
/** The effective capabilities of the calling thread. */
export declare function effectiveCapabilities(): Capability[]
export declare function lookupUser(nameOrId: string): { readonly name: string; readonly uid: number; readonly gid: number } | undefined
export declare function lookupGroup(nameOrId: string): { readonly name: string; readonly gid: number } | undefined
