// Chunked transfer coding, outgoing side (RFC 9112, 7.1): for bodies that arrive without it.
import type { HeaderList } from './header-list.ts'

/** `<hex length>CRLF`; the caller sends the payload and then `chunkEnd`. `length` must be above 0. */
export declare function encodeChunkHeader(length: number): string

/** What follows the payload of each chunk. */
export const chunkEnd = '\r\n'

/** The last chunk without trailers. */
export const lastChunk = '0\r\n\r\n'

/** The last chunk with trailers. */
export declare function encodeLastChunk(trailers: HeaderList | undefined): string
