/** Kernel name of the calling thread (`ps -L`, `top -H`); cut at 15 bytes. */
export declare function setThreadName(name: string): void
/** Kernel thread id of the caller. */
export declare function threadId(): number
/** CPU numbers on which the calling thread may run. Throws SysError. */
export declare function setThreadAffinity(cpus: readonly number[]): void
export declare function getThreadAffinity(): number[]
/** CPU time that the calling thread used, in nanoseconds as a double. */
export declare function threadCpuNanoseconds(): number
/** nice value, -20 to 19, of one kernel thread. Throws SysError. */
export declare function setThreadNice(tid: number, nice: number): void
