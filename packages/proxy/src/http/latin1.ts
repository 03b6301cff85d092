// Text of bytes without the detour over encoding names.
type Latin1Source = { latin1Slice(start: number, end: number): string }

/** One character for each byte of `buffer[from..to)`. */
export function latin1(buffer: Buffer, from: number, to: number): string {
  return (buffer as unknown as Latin1Source).latin1Slice(from, to)
}
