// Locks over whole files, for processes that share one (flock(2)).
import { constants } from 'node:os';
import { LOCK_EX, LOCK_NB } from './constants.ts';
import { SysError } from './errors.ts';
import { lastErrno, libc } from './native.ts';

/**
 * Locks an open file for this descriptor, without waiting; false where somebody else has it. The kernel gives the lock back
 * when the descriptor is closed, so also when its process is killed. Throws SysError for anything else, UnsupportedError
 * without the C library.
 */
export function lockFile(fd: number): boolean {
  if (libc().flock(fd, LOCK_EX | LOCK_NB) >= 0) return true;
  const errno = lastErrno();
  if (errno === constants.errno.EWOULDBLOCK) return false;
  throw new SysError('flock', errno);
}
