// Bytes to text, one code unit per byte. Node's own typings leave out the direct method, which saves what `toString` spends on
// looking up the encoding's name for each of the two slices of a head.
type Latin1Source = { latin1Slice(start: number, end: number): string };

/** `buffer[from..to)` as latin1 text. */
export function latin1(buffer: Buffer, from: number, to: number): string {
  return (buffer as unknown as Latin1Source).latin1Slice(from, to);
}
