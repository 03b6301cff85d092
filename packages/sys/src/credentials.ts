// Dropping privileges while keeping the few capabilities that reloads and elections need (`user`, `group`, `uid`, `gid`).
//
// Capabilities belong to a thread, user and group ids to the process (the C library changes them in all threads). A change
// of the user id from 0 clears the capabilities of every thread it is carried out in, unless that thread set
// PR_SET_KEEPCAPS; a new thread gets those of the thread that creates it. So main drops before it starts any worker: it
// keeps its permitted set over the change, then lowers it to what is to be kept and makes that effective. Workers are
// created by main and inherit, also those that replace a dead one later. Threads that already exist (libuv's pool, V8's
// helpers) lose everything, which is right: none of them binds a socket. A worker that exists already and is to bind says so
// beforehand (keepCapabilities), and lowers its own set afterwards (limitCapabilities).
//
// Children get nothing, because execve(2) keeps only ambient capabilities; `childrenInherit` raises those.
import { isMainThread } from 'node:worker_threads';
import { constants } from 'node:os';
import { PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, PR_CAP_AMBIENT_RAISE, PR_SET_KEEPCAPS } from './constants.ts';
import { SysError } from './errors.ts';
import { check, libc, readCString } from './native.ts';

export type Capability = 'CAP_DAC_OVERRIDE' | 'CAP_FOWNER' | 'CAP_NET_BIND_SERVICE' | 'CAP_NET_ADMIN' | 'CAP_NET_RAW';

/** Bit numbers of include/uapi/linux/capability.h. */
const bits: Readonly<Record<Capability, number>> = {
  CAP_DAC_OVERRIDE: 1,
  CAP_FOWNER: 3,
  CAP_NET_BIND_SERVICE: 10,
  CAP_NET_ADMIN: 12,
  CAP_NET_RAW: 13,
};
const capabilities = Object.keys(bits) as Capability[];

export interface PrivilegeDrop {
  /** Undefined leaves the user, or the group, as it is. */
  readonly uid?: number;
  readonly gid?: number;
  /** Supplementary groups; none when undefined and `uid` or `gid` is given. */
  readonly groups?: readonly number[];
  /** What main and the threads started after this may still do. */
  readonly keep: readonly Capability[];
  /** Whether programs that this process starts get the kept capabilities, too (default false). */
  readonly childrenInherit?: boolean;
}

const CAPABILITY_VERSION_3 = 0x2008_0522;
const header = (): Uint32Array => Uint32Array.of(CAPABILITY_VERSION_3, 0);

/**
 * Main thread only, before any worker is started. Throws SysError (EPERM when the process may not change ids, or lacks a
 * capability that it is to keep); then the state is unknown and the process must end.
 */
export function dropPrivileges({ uid, gid, groups, keep, childrenInherit = false }: PrivilegeDrop): void {
  if (!isMainThread) throw new Error('privileges are dropped by the main thread');
  control('PR_SET_KEEPCAPS', PR_SET_KEEPCAPS, 1);
  changeIds(uid, gid, groups);
  setCapabilities(keep, childrenInherit);
  control('PR_SET_KEEPCAPS', PR_SET_KEEPCAPS, 0);
  control('PR_CAP_AMBIENT_CLEAR_ALL', PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
  if (childrenInherit)
    for (const capability of keep) control(capability, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, bits[capability]);
}

/**
 * PR_SET_KEEPCAPS: the calling thread keeps the right to its capabilities when the process changes its user; `limitCapabilities`
 * then makes those effective that it is to have.
 */
export function keepCapabilities(): void {
  control('PR_SET_KEEPCAPS', PR_SET_KEEPCAPS, 1);
}

/**
 * Gives up, in the calling thread, every capability but these, for good; threads that it starts later get no more either.
 * Throws SysError EPERM for one that the thread does not have.
 */
export function limitCapabilities(keep: readonly Capability[]): void {
  setCapabilities(keep, false);
  control('PR_SET_KEEPCAPS', PR_SET_KEEPCAPS, 0);
}

function setCapabilities(keep: readonly Capability[], inheritable: boolean): void {
  const mask = keep.reduce((sum, capability) => sum | (1 << bits[capability]), 0);
  const data = Uint32Array.of(mask, mask, inheritable ? mask : 0, 0, 0, 0);
  check('capset', libc().capset(header(), data), keep.join(' '));
}

function control(detail: string, option: number, second: number, third: number = 0): void {
  check(
    'prctl',
    libc().prctl(option, 'unsigned long', second, 'unsigned long', third, 'unsigned long', 0, 'unsigned long', 0),
    detail,
  );
}

/** Groups first: they may not be changed any more once the user has changed. */
function changeIds(uid: number | undefined, gid: number | undefined, groups: readonly number[] | undefined): void {
  try {
    if (groups !== undefined) process.setgroups!([...groups]);
    else if ((uid !== undefined || gid !== undefined) && process.getuid!() === 0) process.setgroups!([]);
    if (gid !== undefined && gid !== process.getgid!()) process.setgid!(gid);
    if (uid !== undefined && uid !== process.getuid!()) process.setuid!(uid);
  } catch (error) {
    const { errno, syscall } = error as NodeJS.ErrnoException;
    throw new SysError(
      syscall ?? 'setuid',
      Math.abs(errno ?? constants.errno.EPERM),
      `uid ${uid ?? 'kept'}, gid ${gid ?? 'kept'}`,
    );
  }
}

/** Which of the capabilities above the calling thread has in its effective set. */
export function effectiveCapabilities(): Capability[] {
  const data = new Uint32Array(6);
  check('capget', libc().capget(header(), data));
  return capabilities.filter((capability) => (data[0] & (1 << bits[capability])) !== 0);
}

export interface UserEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
}

/** Who a file or the process is to belong to, by name or number, as `user`, `group`, `uid` and `gid` have it. */
export interface Owner {
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** The numbers of an owner: those given, else those of the names; undefined where nothing is said, or the name is unknown. */
export function ownerIds({ user, group, uid, gid }: Owner): {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
} {
  return {
    uid: uid ?? (user === undefined ? undefined : lookupUser(user)?.uid),
    gid: gid ?? (group === undefined ? undefined : lookupGroup(group)?.gid),
  };
}

/** struct passwd begins with name and password (pointers), uid and gid; struct group with name, password and gid. */
const ENTRY_BYTES = 64;
const USER_ID = 16;
const USER_GROUP = 20;
const GROUP_ID = 16;
/** Long group lists need more than the usual kilobyte: the whole entry must fit, members too. */
const STRINGS_BYTES = 1 << 20;

/** The user of that name, else, for a number, of that id; by whatever the system's name service asks. Undefined when there is none. */
export function lookupUser(nameOrId: string): UserEntry | undefined {
  const { getpwnam_r, getpwuid_r } = libc();
  const entry =
    ask('getpwnam_r', (place, strings, result) => getpwnam_r(nameOrId, place, strings, strings.length, result)) ??
    (/^\d+$/.test(nameOrId)
      ? ask('getpwuid_r', (place, strings, result) =>
          getpwuid_r(Number(nameOrId), place, strings, strings.length, result),
        )
      : undefined);
  return (
    entry && { name: entry.name, uid: entry.bytes.readUInt32LE(USER_ID), gid: entry.bytes.readUInt32LE(USER_GROUP) }
  );
}

/** As lookupUser, for groups. */
export function lookupGroup(nameOrId: string): GroupEntry | undefined {
  const { getgrnam_r, getgrgid_r } = libc();
  const entry =
    ask('getgrnam_r', (place, strings, result) => getgrnam_r(nameOrId, place, strings, strings.length, result)) ??
    (/^\d+$/.test(nameOrId)
      ? ask('getgrgid_r', (place, strings, result) =>
          getgrgid_r(Number(nameOrId), place, strings, strings.length, result),
        )
      : undefined);
  return entry && { name: entry.name, gid: entry.bytes.readUInt32LE(GROUP_ID) };
}

function ask(
  name: string,
  call: (entry: Buffer, strings: Uint8Array, result: BigUint64Array) => number,
): { name: string; bytes: Buffer } | undefined {
  const bytes = Buffer.alloc(ENTRY_BYTES);
  const strings = new Uint8Array(STRINGS_BYTES);
  const result = new BigUint64Array(1);
  const errno = call(bytes, strings, result);
  if (result[0] !== 0n) return { name: readCString(bytes.readBigUInt64LE(0)), bytes };
  // "Not found" is 0 or one of several numbers (getpwnam(3)); only running out of room or descriptors is an error.
  if ([constants.errno.ERANGE, constants.errno.EMFILE, constants.errno.ENFILE, constants.errno.EIO].includes(errno))
    throw new SysError(name, errno);
  return undefined;
}
