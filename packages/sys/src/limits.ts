// Resource limits of the process: descriptors (`ulimit-n`), address space (`-m`), core files.
import { RLIMIT_AS, RLIMIT_CORE, RLIMIT_NOFILE } from './constants.ts';
import { check, libc } from './native.ts';

export type Resource = 'nofile' | 'as' | 'core';

/** Descriptors or bytes; Infinity stands for RLIM_INFINITY. */
export interface ResourceLimit {
  readonly soft: number;
  readonly hard: number;
}

const numbers: Readonly<Record<Resource, number>> = { nofile: RLIMIT_NOFILE, as: RLIMIT_AS, core: RLIMIT_CORE };
const RLIM_INFINITY = 0xffff_ffff_ffff_ffffn;

export function getResourceLimit(resource: Resource): ResourceLimit {
  const limit = new BigUint64Array(2);
  check('prlimit', libc().prlimit(0, numbers[resource], null, limit), resource);
  const [soft, hard] = Array.from(limit, (value) => (value === RLIM_INFINITY ? Infinity : Number(value))) as [
    number,
    number,
  ];
  return { soft, hard };
}

/** Throws SysError: EPERM when the hard limit would rise without CAP_SYS_RESOURCE or above fs.nr_open, EINVAL when soft is above hard. */
export function setResourceLimit(resource: Resource, { soft, hard }: ResourceLimit): void {
  const limit = BigUint64Array.from([soft, hard], (value) => (value === Infinity ? RLIM_INFINITY : BigInt(value)));
  check('prlimit', libc().prlimit(0, numbers[resource], limit, null), `${resource} ${soft}/${hard}`);
}
