// The header fields of one message, in wire order: two parallel arrays of strings, no object per field. Names are lower
// case, always: the parser lowers them once, and callers that add or look up must pass lower-case names.

/** An ordered list of header fields; also used for trailers. */
export class HeaderList {
  #names: string[] = []
  #values: string[] = []

  /** Number of fields. */
  get count(): number {
    return this.#names.length
  }

  /** Lower-case name of field `index`; `index` must be in 0..count-1. */
  nameAt(index: number): string {
    return this.#names[index]!
  }

  /** Whole value of field `index`, without surrounding blanks. */
  valueAt(index: number): string {
    return this.#values[index]!
  }

  /** Index of the first field called `name` at or after `from`, or -1. */
  indexOf(name: string, from = 0): number {
    return this.#names.indexOf(name, from)
  }

  /** Whole value of the first field called `name`. */
  first(name: string): string | undefined {
    const index = this.#names.indexOf(name)
    return index < 0 ? undefined : this.#values[index]
  }

  /** Whole value of the last field called `name`. */
  last(name: string): string | undefined {
    const index = this.#names.lastIndexOf(name)
    return index < 0 ? undefined : this.#values[index]
  }

  /** Whole values of all fields called `name`, in order. */
  values(name: string): string[] {
    const found: string[] = []
    for (let index = this.indexOf(name); index >= 0; index = this.indexOf(name, index + 1)) found.push(this.#values[index]!)
    return found
  }

  /** Whether a field called `name` exists. */
  has(name: string): boolean {
    return this.#names.indexOf(name) >= 0
  }

  /** Appends a field. */
  add(name: string, value: string): void {
    this.#names.push(name)
    this.#values.push(value)
  }

  /** Removes every field called `name`, then appends one (`http-request set-header`). */
  set(name: string, value: string): void {
    this.removeAll(name)
    this.add(name, value)
  }

  /** Removes every field called `name`; returns how many there were. */
  removeAll(name: string): number {
    let removed = 0
    for (let index = this.indexOf(name); index >= 0; index = this.indexOf(name, index)) {
      this.removeAt(index)
      removed++
    }
    return removed
  }

  /** Removes field `index`; those behind it move up. */
  removeAt(index: number): void {
    this.#names.splice(index, 1)
    this.#values.splice(index, 1)
  }

  /** Replaces the whole value of field `index`. */
  replaceValueAt(index: number, value: string): void {
    this.#values[index] = value
  }
}
