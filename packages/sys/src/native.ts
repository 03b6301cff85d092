// The bridge to the C library: which functions exist, with their C prototypes, and how a failed call becomes a SysError.
// The only file that knows koffi. It is loaded at the first call in each thread, so that importing this package is free.
//
// Loading takes about 10 ms, and a thread that is terminated meanwhile (worker.terminate(), or process.exit() in main) takes
// the process with it: koffi answers the end of its thread with a fatal error while it registers itself. Afterwards a thread
// may end at any moment. So a thread asks `support('native')` first, before it counts as running, and nobody ends a thread
// that is still starting.
//
// Numbers in constants.ts are those of Linux on x64 and arm64, which share them; elsewhere the feature 'native' is refused.
import type * as koffiTypes from 'koffi';
import { createRequire } from 'node:module';
import { SysError, UnsupportedError } from './errors.ts';

type Koffi = typeof koffiTypes;

/** C functions by name; each throws nothing and leaves errno to `lastErrno`. */
interface LibC {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly bind: (fd: number, address: Uint8Array, length: number) => number;
  readonly listen: (fd: number, backlog: number) => number;
  readonly setsockopt: (fd: number, level: number, name: number, value: Uint8Array, length: number) => number;
  readonly getsockopt: (fd: number, level: number, name: number, value: Uint8Array, length: Uint32Array) => number;
  readonly getsockname: (fd: number, address: Uint8Array, length: Uint32Array) => number;
  readonly getpeername: (fd: number, address: Uint8Array, length: Uint32Array) => number;
  readonly sendto: (
    fd: number,
    payload: Uint8Array,
    bytes: number,
    flags: number,
    address: Uint8Array,
    length: number,
  ) => number;
  readonly send: (fd: number, payload: Uint8Array, bytes: number, flags: number) => number;
  readonly sendmmsg: (fd: number, headers: Uint8Array, count: number, flags: number) => number;
  readonly write: (fd: number, payload: Uint8Array, bytes: number) => number;
  readonly connect: (fd: number, address: Uint8Array, length: number) => number;
  readonly usleep: (microseconds: number) => number;
  readonly poll: (descriptors: Int32Array, count: number, waitMs: number) => number;
  /** Returns its first argument's address. */
  readonly memmove: (to: Uint8Array | Uint32Array, from: Uint8Array | Uint32Array, bytes: number) => number;
  readonly fcntl: (fd: number, command: number, type: 'int', argument: number) => number;
  readonly close: (fd: number) => number;
  readonly _exit: (status: number) => void;
  readonly flock: (fd: number, operation: number) => number;
  readonly inet_pton: (family: number, text: string, address: Uint8Array) => number;
  readonly if_nametoindex: (name: string) => number;
  readonly prlimit: (
    pid: number,
    resource: number,
    next: BigUint64Array | null,
    previous: BigUint64Array | null,
  ) => number;
  readonly capget: (header: Uint32Array, data: Uint32Array | null) => number;
  readonly capset: (header: Uint32Array, data: Uint32Array) => number;
  readonly prctl: (
    option: number,
    ...typed:
      | readonly ['unsigned long', number, 'unsigned long', number, 'unsigned long', number, 'unsigned long', number]
      | readonly ['str', string]
  ) => number;
  readonly gettid: () => number;
  /** An errno, not -1. */
  readonly pthread_sigmask: (how: number, set: Uint8Array, previous: null) => number;
  readonly sched_setaffinity: (pid: number, bytes: number, mask: Uint8Array) => number;
  readonly sched_getaffinity: (pid: number, bytes: number, mask: Uint8Array) => number;
  readonly clock_gettime: (clock: number, time: BigInt64Array) => number;
  readonly getpwnam_r: (
    name: string,
    entry: Uint8Array,
    strings: Uint8Array,
    bytes: number,
    result: BigUint64Array,
  ) => number;
  readonly getpwuid_r: (
    uid: number,
    entry: Uint8Array,
    strings: Uint8Array,
    bytes: number,
    result: BigUint64Array,
  ) => number;
  readonly getgrnam_r: (
    name: string,
    entry: Uint8Array,
    strings: Uint8Array,
    bytes: number,
    result: BigUint64Array,
  ) => number;
  readonly getgrgid_r: (
    gid: number,
    entry: Uint8Array,
    strings: Uint8Array,
    bytes: number,
    result: BigUint64Array,
  ) => number;
}

const prototypes: Readonly<Record<keyof LibC, string>> = {
  socket: 'int socket(int domain, int type, int protocol)',
  bind: 'int bind(int fd, const void *address, uint32_t length)',
  listen: 'int listen(int fd, int backlog)',
  setsockopt: 'int setsockopt(int fd, int level, int name, const void *value, uint32_t length)',
  getsockopt: 'int getsockopt(int fd, int level, int name, void *value, void *length)',
  getsockname: 'int getsockname(int fd, void *address, void *length)',
  getpeername: 'int getpeername(int fd, void *address, void *length)',
  sendto: 'int64_t sendto(int fd, const void *payload, size_t bytes, int flags, const void *address, uint32_t length)',
  send: 'int64_t send(int fd, const void *payload, size_t bytes, int flags)',
  sendmmsg: 'int sendmmsg(int fd, void *headers, unsigned int count, int flags)',
  write: 'int64_t write(int fd, const void *payload, size_t bytes)',
  connect: 'int connect(int fd, const void *address, uint32_t length)',
  usleep: 'int usleep(unsigned int microseconds)',
  poll: 'int poll(void *descriptors, unsigned long count, int waitMs)',
  memmove: 'uintptr_t memmove(void *to, const void *from, size_t bytes)',
  fcntl: 'int fcntl(int fd, int command, ...)',
  close: 'int close(int fd)',
  _exit: 'void _exit(int status)',
  flock: 'int flock(int fd, int operation)',
  inet_pton: 'int inet_pton(int family, const char *text, void *address)',
  if_nametoindex: 'unsigned int if_nametoindex(const char *name)',
  prlimit: 'int prlimit(int pid, int resource, const void *next, void *previous)',
  capget: 'int capget(void *header, void *data)',
  capset: 'int capset(void *header, const void *data)',
  prctl: 'int prctl(int option, ...)',
  gettid: 'int gettid()',
  pthread_sigmask: 'int pthread_sigmask(int how, const void *set, void *previous)',
  sched_setaffinity: 'int sched_setaffinity(int pid, size_t bytes, const void *mask)',
  sched_getaffinity: 'int sched_getaffinity(int pid, size_t bytes, void *mask)',
  clock_gettime: 'int clock_gettime(int clock, void *time)',
  getpwnam_r: 'int getpwnam_r(const char *name, void *entry, void *strings, size_t bytes, void *result)',
  getpwuid_r: 'int getpwuid_r(uint32_t uid, void *entry, void *strings, size_t bytes, void *result)',
  getgrnam_r: 'int getgrnam_r(const char *name, void *entry, void *strings, size_t bytes, void *result)',
  getgrgid_r: 'int getgrgid_r(uint32_t gid, void *entry, void *strings, size_t bytes, void *result)',
};

interface Native {
  readonly libc: LibC;
  readonly koffi: Koffi;
}

type Loaded = { readonly native: Native } | { readonly why: string; readonly remedy: string };

/** Loading dlopens a library; what it found is a fact of the process, so it is kept for the thread's life. */
let loaded: Loaded | undefined;

function load(): Loaded {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    return {
      why: `system calls are known for Linux on x64 and arm64, not for ${process.platform} on ${process.arch}`,
      remedy: 'run on one of those',
    };
  }
  let koffi: Koffi;
  try {
    koffi = createRequire(import.meta.url)('koffi') as Koffi;
  } catch (error) {
    return { why: `npm package koffi does not load (${messageOf(error)})`, remedy: 'run npm ci on this machine' };
  }
  try {
    // The program itself: Node is linked to the C library, whatever that is called here.
    const library = koffi.load(null);
    const entries = Object.entries(prototypes).map(([name, prototype]) => [name, library.func(prototype)] as const);
    return { native: { koffi, libc: Object.fromEntries(entries) as unknown as LibC } };
  } catch (error) {
    return {
      why: `the C library lacks what is needed (${messageOf(error)})`,
      remedy: 'use glibc 2.30 or musl 1.2 or newer',
    };
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message.split('\n')[0] : String(error));

/** Undefined when the C library can be called, else why not. */
export function nativeRefusal(): { readonly why: string; readonly remedy: string } | undefined {
  loaded ??= load();
  return 'native' in loaded ? undefined : loaded;
}

/** Throws UnsupportedError where the C library cannot be called. */
export function libc(): LibC {
  loaded ??= load();
  if (!('native' in loaded)) throw new UnsupportedError('native', loaded.why, loaded.remedy);
  return loaded.native.libc;
}

/** errno of the thread's last call; to be read before anything else is called. */
export function lastErrno(): number {
  return loaded !== undefined && 'native' in loaded ? loaded.native.koffi.errno() : 0;
}

/**
 * Where the bytes of an array lie, for structures that point to them. The array must have memory of its own (not from Node's
 * pool), longer than what the engine keeps inside objects (64 bytes), and must live as long as the address is used.
 */
export function addressOf(bytes: Uint8Array | Uint32Array): number {
  return Number(libc().memmove(bytes, bytes, 0));
}

/** Reads a NUL-terminated string at an address that a C function returned. */
export function readCString(address: bigint): string {
  if (loaded === undefined || !('native' in loaded)) return '';
  return loaded.native.koffi.decode(address, 'char', -1) as string;
}

/** Passes a result through, or throws for a negative one. `detail` goes into the message. */
export function check(syscall: string, result: number, detail?: string): number {
  if (result < 0) throw new SysError(syscall, lastErrno(), detail);
  return result;
}
