// Chunked transfer coding, outgoing side (RFC 9112, 7.1): for bodies that arrive without it, and for those that must be
// re-encoded.
import type { CaseMap, HeaderList } from './header-list.ts';

/** `<hex length>CRLF`; the caller sends the payload and then `chunkEnd`. `length` must be above 0. */
export function encodeChunkHeader(length: number): string {
  if (!(length > 0)) throw new RangeError(`a chunk of ${length} bytes would end the body`);
  return length.toString(16) + chunkEnd;
}

/** What follows the payload of each chunk. */
export const chunkEnd = '\r\n';

/** The last chunk without trailers. */
export const lastChunk = '0\r\n\r\n';

/** The last chunk with trailers. */
export function encodeLastChunk(trailers: HeaderList | undefined, caseMap?: CaseMap): string {
  return trailers === undefined || trailers.count === 0 ? lastChunk : trailers.toWire('0\r\n', '\r\n', caseMap);
}
