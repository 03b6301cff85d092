// Comma-separated header values as HAProxy's `hdr()`, `req.hdr()` and `res.hdr()` see them (`fhdr()` sees whole fields).
// A comma inside a quoted string does not split (configuration.txt, 7.3.6 "req.hdr").
import type { HeaderList } from './header-list.ts'

/**
 * Walks the comma-separated values of all fields called `name`, in order. Reusable: `start` begins again.
 *
 * `while (cursor.next()) use(cursor.value)`
 */
export class ListValueCursor {
  /** Current value without surrounding blanks. */
  value = ''
  /** Index of the field that holds the current value. */
  headerIndex = -1
  /** Range of the current value inside `headers.valueAt(headerIndex)`. */
  start = 0
  end = 0

  constructor(_headers: HeaderList, _name: string) {}

  /** Moves to the next value; false when there is none. */
  next(): boolean {
    return false
  }
}

/**
 * The `occurrence`-th comma-separated value of `name`: 1 is the first, -1 the last, 0 the last as well (`hdr(name[,occ])`).
 */
export declare function listValue(headers: HeaderList, name: string, occurrence: number): string | undefined

/** The `occurrence`-th whole field called `name` (`fhdr(name[,occ])`), counted as in `listValue`. */
export declare function fieldValue(headers: HeaderList, name: string, occurrence: number): string | undefined

/** Number of comma-separated values of `name` (`hdr_cnt`). */
export declare function countListValues(headers: HeaderList, name: string): number
