// Comma-separated header values as HAProxy's `hdr()`, `req.hdr()` and `res.hdr()` see them; `fhdr()` sees whole fields.
// A comma inside a double-quoted string does not split, and a backslash inside one protects the next byte
// (configuration.txt, 7.3.6 "req.hdr"). Empty elements count as values, as in HAProxy.
import { isBlank } from './chars.ts';
import type { HeaderList } from './header-list.ts';

/**
 * Walks the comma-separated values of all fields called `name`, in order.
 *
 * `const cursor = new ListValueCursor(headers, 'via'); while (cursor.next()) use(cursor.value)`
 */
export class ListValueCursor {
  /** Index of the field that holds the current value. */
  headerIndex = -1;
  /** Range of the current value inside `headers.valueAt(headerIndex)`, without surrounding blanks. */
  start = 0;
  end = 0;

  #headers: HeaderList;
  #name: string;
  #nextStart = -1;

  constructor(headers: HeaderList, name: string) {
    this.#headers = headers;
    this.#name = name;
  }

  /** Current value without surrounding blanks. */
  get value(): string {
    return this.#headers.valueAt(this.headerIndex).slice(this.start, this.end);
  }

  /** Moves to the next value; false when there is none. The list must not be changed while it is walked. */
  next(): boolean {
    if (this.#nextStart < 0) {
      this.headerIndex = this.#headers.indexOf(this.#name, this.headerIndex + 1);
      if (this.headerIndex < 0) {
        this.headerIndex = this.#headers.count;
        return false;
      }
      this.#nextStart = 0;
    }
    const field = this.#headers.valueAt(this.headerIndex);
    let start = this.#nextStart;
    const comma = elementEnd(field, start);
    this.#nextStart = comma < field.length ? comma + 1 : -1;
    let end = comma;
    while (start < end && isBlank(field.charCodeAt(start))) start++;
    while (end > start && isBlank(field.charCodeAt(end - 1))) end--;
    this.start = start;
    this.end = end;
    return true;
  }
}

/** End of the list element that starts at `start`: its comma, or the end of the field. */
function elementEnd(field: string, start: number): number {
  let quoted = false;
  for (let i = start; i < field.length; i++) {
    const code = field.charCodeAt(i);
    if (code === 34) quoted = !quoted;
    else if (quoted && code === 92) i++;
    else if (!quoted && code === 44) return i;
  }
  return field.length;
}

/**
 * The `occurrence`-th comma-separated value of `name` (`hdr(name[,occ])`): 1 is the first, -1 the last, 0 the last as well.
 * `undefined` when there are not so many.
 */
export function listValue(headers: HeaderList, name: string, occurrence: number): string | undefined {
  const cursor = new ListValueCursor(headers, name);
  if (occurrence > 0) {
    for (let i = 0; i < occurrence; i++) if (!cursor.next()) return undefined;
    return cursor.value;
  }
  const back = occurrence === 0 ? 1 : -occurrence;
  const skip = countListValues(headers, name) - back;
  return skip < 0 ? undefined : listValue(headers, name, skip + 1);
}

/** The `occurrence`-th whole field called `name` (`fhdr(name[,occ])`), counted as in `listValue`. */
export function fieldValue(headers: HeaderList, name: string, occurrence: number): string | undefined {
  if (occurrence === 0 || occurrence === -1) return headers.last(name);
  const values = headers.values(name);
  return occurrence > 0 ? values[occurrence - 1] : values[values.length + occurrence];
}

/** Number of comma-separated values of `name` (`hdr_cnt`). */
export function countListValues(headers: HeaderList, name: string): number {
  const cursor = new ListValueCursor(headers, name);
  let count = 0;
  while (cursor.next()) count++;
  return count;
}
