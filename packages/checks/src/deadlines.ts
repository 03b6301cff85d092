// Which of many things is due first: a binary heap of deadlines, one for each item. Pure.

export class DeadlineQueue<Item extends object> {
  readonly #heap: { readonly item: Item; deadline: number; at: number }[] = [];
  readonly #entries = new Map<Item, { readonly item: Item; deadline: number; at: number }>();

  get size(): number {
    return this.#heap.length;
  }

  /** Gives an item its deadline, in place of an earlier one; undefined takes it out. */
  set(item: Item, deadline: number | undefined): void {
    const entry = this.#entries.get(item);
    if (deadline === undefined) {
      if (entry !== undefined) this.#remove(entry);
    } else if (entry === undefined) {
      const added = { item, deadline, at: this.#heap.length };
      this.#entries.set(item, added);
      this.#heap.push(added);
      this.#up(added);
    } else {
      entry.deadline = deadline;
      this.#up(entry);
      this.#down(entry);
    }
  }

  /** The earliest deadline; undefined when there is none. */
  next(): number | undefined {
    return this.#heap[0]?.deadline;
  }

  /** Takes out all items whose deadline is not after `now`, the earliest first. */
  take(now: number): Item[] {
    const due: Item[] = [];
    for (let first = this.#heap[0]; first !== undefined && first.deadline <= now; first = this.#heap[0]) {
      due.push(first.item);
      this.#remove(first);
    }
    return due;
  }

  #remove(entry: { readonly item: Item; deadline: number; at: number }): void {
    this.#entries.delete(entry.item);
    const last = this.#heap.pop()!;
    if (last === entry) return;
    last.at = entry.at;
    this.#heap[last.at] = last;
    this.#up(last);
    this.#down(last);
  }

  #up(entry: { deadline: number; at: number; readonly item: Item }): void {
    while (entry.at > 0) {
      const parent = this.#heap[(entry.at - 1) >> 1];
      if (parent.deadline <= entry.deadline) return;
      this.#swap(entry, parent);
    }
  }

  #down(entry: { deadline: number; at: number; readonly item: Item }): void {
    for (;;) {
      let child = this.#heap[2 * entry.at + 1];
      const right = this.#heap[2 * entry.at + 2];
      if (child === undefined) return;
      if (right !== undefined && right.deadline < child.deadline) child = right;
      if (child.deadline >= entry.deadline) return;
      this.#swap(entry, child);
    }
  }

  #swap(
    a: { at: number; deadline: number; readonly item: Item },
    b: { at: number; deadline: number; readonly item: Item },
  ): void {
    const at = a.at;
    a.at = b.at;
    b.at = at;
    this.#heap[a.at] = a;
    this.#heap[b.at] = b;
  }
}
