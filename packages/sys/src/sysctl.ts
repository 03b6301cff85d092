/** Value of a dotted sysctl name, trimmed; undefined where the kernel lacks it or it may not be read. */
export declare function readSysctl(name: string): string | undefined
/** 'unchanged' when the value is already there. */
export type SysctlWrite = { readonly result: 'written' | 'unchanged' } | { readonly result: 'refused'; readonly why: string; readonly remedy: string }
export declare function writeSysctl(name: string, value: string): SysctlWrite
