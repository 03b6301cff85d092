// Scheduling of the calling thread: its name, CPUs, CPU time, niceness. Works in main and in workers alike.
import { constants, setPriority } from 'node:os';
import { CLOCK_THREAD_CPUTIME_ID, PR_SET_NAME, SIG_UNBLOCK } from './constants.ts';
import { SysError } from './errors.ts';
import { check, libc } from './native.ts';

/** TASK_COMM_LEN without its NUL. */
const NAME_BYTES = 15;
/** sizeof sigset_t of the C library. */
const SIGNAL_SET_BYTES = 128;
/** CPU_SETSIZE of the C library: CPUs 0 to 1023. */
const CPU_MASK_BYTES = 128;

/** Kernel name of the calling thread (`ps -L`, `top -H`), cut at 15 bytes. In main it names the process. */
export function setThreadName(name: string): void {
  check(
    'prctl',
    libc().prctl(PR_SET_NAME, 'str', Buffer.from(name).subarray(0, NAME_BYTES).toString('latin1')),
    'PR_SET_NAME',
  );
}

/** Kernel thread id of the caller. */
export function threadId(): number {
  return libc().gettid();
}

/**
 * Ends the process with a status and without waiting for any thread: the runtime's own end joins helper threads, and one of them
 * may wait in a system call for ever.
 */
export function exitAtOnce(status: number): void {
  libc()._exit(status);
}

/** Lets the calling thread receive a signal that is blocked; one that came before is delivered now. */
export function unblockSignal(signal: NodeJS.Signals): void {
  const set = new Uint8Array(SIGNAL_SET_BYTES);
  const bit = constants.signals[signal] - 1;
  set[bit >> 3] = 1 << (bit & 7);
  const errno = libc().pthread_sigmask(SIG_UNBLOCK, set, null);
  if (errno !== 0) throw new SysError('pthread_sigmask', errno, signal);
}

/** Lets the calling thread run on these CPUs only. Throws SysError EINVAL when none of them exists. */
export function setThreadAffinity(cpus: readonly number[]): void {
  const mask = new Uint8Array(CPU_MASK_BYTES);
  for (const cpu of cpus) {
    if (!(Number.isInteger(cpu) && cpu >= 0 && cpu < CPU_MASK_BYTES * 8))
      throw new SysError('sched_setaffinity', constants.errno.EINVAL, `CPU ${cpu}`);
    mask[cpu >> 3] |= 1 << (cpu & 7);
  }
  check('sched_setaffinity', libc().sched_setaffinity(0, mask.length, mask), `CPUs ${cpus.join(',')}`);
}

/** CPUs on which the calling thread may run, ascending. */
export function getThreadAffinity(): number[] {
  const mask = new Uint8Array(CPU_MASK_BYTES);
  check('sched_getaffinity', libc().sched_getaffinity(0, mask.length, mask));
  const cpus: number[] = [];
  for (let cpu = 0; cpu < CPU_MASK_BYTES * 8; cpu++) if ((mask[cpu >> 3] & (1 << (cpu & 7))) !== 0) cpus.push(cpu);
  return cpus;
}

/** CPU time that the calling thread has used, in nanoseconds (exact up to 104 days). */
export function threadCpuNanoseconds(): number {
  const time = new BigInt64Array(2);
  check('clock_gettime', libc().clock_gettime(CLOCK_THREAD_CPUTIME_ID, time));
  return Number(time[0] * 1_000_000_000n + time[1]);
}

/** Niceness, -20 to 19, of one kernel thread. Throws SysError: EACCES or EPERM below what the user may, ESRCH. */
export function setThreadNice(tid: number, nice: number): void {
  try {
    setPriority(tid, nice);
  } catch (error) {
    const number = (error as { info?: { errno?: number } }).info?.errno;
    throw new SysError('setpriority', Math.abs(number ?? constants.errno.EINVAL), `${nice} for thread ${tid}`);
  }
}
