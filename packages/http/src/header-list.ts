// The header fields of one message, in wire order: parallel arrays, no object per field. Names are lower case, always: the
// parser lowers them once, and callers that add or look up must pass lower-case names.
//
// The list may be backed by the canonical text of a head (names already lowered in it). A field that nobody touched is
// then known by its place in that text, and `toWire` copies runs of such fields in one piece.

/** Spelling of names on the wire: lower-case name to wanted name (`h1-case-adjust`). */
export type CaseMap = ReadonlyMap<string, string>;

/** `starts` entry of a field that does not stand in the text. */
const detached = -1;

/** An ordered list of header fields; also used for trailers. */
export class HeaderList {
  #names: string[] = [];
  #values: string[] = [];
  #starts: number[] = [];
  #text = '';
  #framingTouched = false;

  /** Number of fields. */
  get count(): number {
    return this.#names.length;
  }

  /**
   * Whether a field that decides about framing or the connection was added, changed or removed after parsing. The
   * serializer then rebuilds those fields from what the parser found.
   */
  get framingTouched(): boolean {
    return this.#framingTouched;
  }

  /** Lower-case name of field `index`; `index` must be in 0..count-1. */
  nameAt(index: number): string {
    return this.#names[index];
  }

  /** Whole value of field `index`, without surrounding blanks. */
  valueAt(index: number): string {
    return this.#values[index];
  }

  /** Index of the first field called `name` at or after `from`, or -1. */
  indexOf(name: string, from = 0): number {
    const names = this.#names;
    for (let index = from; index < names.length; index++) if (names[index] === name) return index;
    return -1;
  }

  /** Whole value of the first field called `name`. */
  first(name: string): string | undefined {
    const index = this.indexOf(name);
    return index < 0 ? undefined : this.#values[index];
  }

  /** Whole value of the last field called `name`. */
  last(name: string): string | undefined {
    const index = this.#names.lastIndexOf(name);
    return index < 0 ? undefined : this.#values[index];
  }

  /** Whole values of all fields called `name`, in order. */
  values(name: string): string[] {
    const found: string[] = [];
    for (let index = this.indexOf(name); index >= 0; index = this.indexOf(name, index + 1))
      found.push(this.#values[index]);
    return found;
  }

  /** Whether a field called `name` exists. */
  has(name: string): boolean {
    return this.indexOf(name) >= 0;
  }

  /** Appends a field. */
  add(name: string, value: string): void {
    if (decidesFraming(name)) this.#framingTouched = true;
    this.#names.push(name);
    this.#values.push(value);
    this.#starts.push(detached);
  }

  /** Removes every field called `name`, then appends one (`http-request set-header`). */
  set(name: string, value: string): void {
    this.removeAll(name);
    this.add(name, value);
  }

  /** Removes every field called `name`; returns how many there were. */
  removeAll(name: string): number {
    let removed = 0;
    for (let index = this.indexOf(name); index >= 0; index = this.indexOf(name, index)) {
      this.removeAt(index);
      removed++;
    }
    return removed;
  }

  /** Removes field `index`; those behind it move up. */
  removeAt(index: number): void {
    if (decidesFraming(this.#names[index])) this.#framingTouched = true;
    this.#names.splice(index, 1);
    this.#values.splice(index, 1);
    this.#starts.splice(index, 1);
  }

  /** Replaces the whole value of field `index`. */
  replaceValueAt(index: number, value: string): void {
    if (decidesFraming(this.#names[index])) this.#framingTouched = true;
    this.#values[index] = value;
    this.#starts[index] = detached;
  }

  /** For makers of heads: the serializer shall write the framing fields from the head's facts. */
  markFramingTouched(): void {
    this.#framingTouched = true;
  }

  /** For parsers: appends a field whose line `name: value CRLF` starts at `start` of the text, or -1 when it has no such line. */
  addParsed(name: string, value: string, start: number): void {
    this.#names.push(name);
    this.#values.push(value);
    this.#starts.push(start);
  }

  /** For parsers: the canonical head text, once all fields are in; what was changed so far counts as the parser's own doing. */
  finishParsing(text: string): void {
    this.#text = text;
    this.#framingTouched = false;
  }

  /**
   * `startLine`, every field as a line `name: value CRLF` and `tail`: the empty line, or more lines and that one. A `startLine` of
   * `undefined` means: the one in front of the first field in the parsed text, as it stands there. A head that nobody
   * touched comes back as the very text.
   */
  toWire(startLine: string | undefined, tail: string, caseMap: CaseMap | undefined): string {
    if (caseMap !== undefined) return this.#toWireAdjusted(startLine ?? this.#parsedStartLine(), caseMap) + tail;
    const names = this.#names;
    const values = this.#values;
    const starts = this.#starts;
    const text = this.#text;
    let out = '';
    let runStart = 0;
    let runEnd = 0;
    if (startLine === undefined) runEnd = text.indexOf('\n') + 1;
    else out = startLine;
    for (let index = 0; index < names.length; index++) {
      const start = starts[index];
      const length = names[index].length + values[index].length + 4;
      if (start === detached) {
        if (runEnd > runStart) out += text.slice(runStart, runEnd);
        out += names[index] + ': ' + values[index] + '\r\n';
        runStart = runEnd;
      } else if (start === runEnd) {
        runEnd = start + length;
      } else {
        if (runEnd > runStart) out += text.slice(runStart, runEnd);
        runStart = start;
        runEnd = start + length;
      }
    }
    if (runEnd === runStart) return out + tail;
    if (runStart === 0 && out === '' && runEnd + 2 === text.length && tail === '\r\n') return text;
    return out + text.slice(runStart, runEnd) + tail;
  }

  #toWireAdjusted(startLine: string, caseMap: CaseMap): string {
    let out = startLine;
    for (let index = 0; index < this.#names.length; index++) {
      const name = this.#names[index];
      out += (caseMap.get(name) ?? name) + ': ' + this.#values[index] + '\r\n';
    }
    return out;
  }

  #parsedStartLine(): string {
    return this.#text.slice(0, this.#text.indexOf('\n') + 1);
  }
}

function decidesFraming(name: string): boolean {
  return name === 'content-length' || name === 'transfer-encoding' || name === 'connection' || name === 'upgrade';
}
