// Finds where a head starts and ends in received bytes. The only code that looks at a head before it is whole.

/**
 * First offset at or after `from` that is not part of an empty line (CRLF or LF) in front of a start line (RFC 9112, 2.2).
 * Returns `to` when there is nothing else. A CR that may still be followed by LF is not skipped.
 */
export declare function skipEmptyLines(buffer: Buffer, from: number, to: number): number

/**
 * Offset just after the empty line that ends a head (CRLF CRLF, and each of the two also as bare LF), or -1.
 *
 * To resume after more bytes came, pass `from = Math.max(start, previousTo - 3)`; the bytes before need no second look.
 */
export declare function findHeadEnd(buffer: Buffer, from: number, to: number): number
