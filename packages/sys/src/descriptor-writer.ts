// Writing to a descriptor that others may share (standard output, an inherited pipe, terminal or socket) without ever waiting
// for its reader, and without making it non-blocking for everybody who has it open.
//
// A socket takes MSG_DONTWAIT. For pipes and terminals the kernel is asked first (poll(2)) and then given so little that it
// fits where there is any room: what PIPE_BUF says for pipes, less for terminals. Regular files are always writable and may
// block on their disk: they are not for this class.
import { fstatSync } from 'node:fs';
import { MSG_DONTWAIT, MSG_NOSIGNAL, POLLOUT } from './constants.ts';
import { resultOf } from './datagram.ts';
import { errnoName } from './errors.ts';
import { lastErrno, libc } from './native.ts';
import { isSocket, socketType } from './socket.ts';

/** pipe(7), PIPE_BUF: a write of up to that many bytes is whole or not at all, and a pipe with room for one page takes it. */
const PIPE_BYTES = 4096;
const TERMINAL_BYTES = 512;

export class DescriptorWriter {
  readonly #fd: number;
  readonly #isSocket: boolean;
  readonly #poll: Int32Array;
  /** Most bytes in one write. A datagram socket takes one line at a time, whatever its length. */
  readonly chunkBytes: number;
  readonly isDatagram: boolean;
  /** errno name of the last write that failed; undefined before one. */
  lastError: string | undefined;

  /** Throws an error with an errno name as `code` where the descriptor is not open. */
  constructor(fd: number) {
    const stat = fstatSync(fd);
    this.#fd = fd;
    this.#isSocket = isSocket(fd);
    this.isDatagram = this.#isSocket && socketType(fd) === 'datagram';
    this.chunkBytes = stat.isCharacterDevice() ? TERMINAL_BYTES : PIPE_BYTES;
    // struct pollfd: the descriptor, then events and revents in 16 bits each.
    this.#poll = Int32Array.of(fd, POLLOUT);
  }

  /** Bytes of `bytes` that were taken, of `chunkBytes` at most but for datagrams; 0 where there is no room, -1 for an error. */
  write(bytes: Uint8Array): number {
    const taken = this.#isSocket
      ? libc().send(this.#fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL)
      : this.hasRoom(0)
        ? libc().write(this.#fd, bytes, bytes.length)
        : 0;
    if (taken >= 0) return taken;
    const errno = lastErrno();
    this.lastError = errnoName(errno);
    return resultOf(errno) === 'again' ? 0 : -1;
  }

  /** Waits up to `waitMs` for room. True also where the next write would fail. */
  hasRoom(waitMs: number): boolean {
    this.#poll[1] = POLLOUT;
    return libc().poll(this.#poll, 1, waitMs) !== 0;
  }
}
