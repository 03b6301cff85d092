// Text of bytes without the detour over encoding names.
type Latin1Source = { latin1Slice(start: number, end: number): string };

/** One character for each byte of `buffer[from..to)`. */
export function latin1(buffer: Buffer, from: number, to: number): string {
  return (buffer as unknown as Latin1Source).latin1Slice(from, to);
}

/** A head and a body that together are at most this long go out in one write: a copy is cheaper than a system call. */
export const COALESCE_BYTES = 16000;
