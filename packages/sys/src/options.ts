// setsockopt and getsockopt for the shapes that options have: an int, two ints, a text, a struct.
import { check, libc } from './native.ts';

export function setInt(fd: number, level: number, option: number, value: number, name: string): void {
  setInts(fd, level, option, [value], name);
}

export function setInts(fd: number, level: number, option: number, values: readonly number[], name: string): void {
  const bytes = new Uint8Array(Int32Array.from(values).buffer);
  check('setsockopt', libc().setsockopt(fd, level, option, bytes, bytes.length), name);
}

export function setText(fd: number, level: number, option: number, value: string, name: string): void {
  const bytes = Buffer.from(`${value}\0`);
  check('setsockopt', libc().setsockopt(fd, level, option, bytes, bytes.length), name);
}

export function getInt(fd: number, level: number, option: number, name: string): number {
  return getBytes(fd, level, option, 4, name).readInt32LE(0);
}

/** What the kernel filled in of at most `bytes`. */
export function getBytes(fd: number, level: number, option: number, bytes: number, name: string): Buffer {
  const value = Buffer.alloc(bytes);
  const length = Uint32Array.of(bytes);
  check('getsockopt', libc().getsockopt(fd, level, option, value, length), name);
  return value.subarray(0, length[0]);
}
