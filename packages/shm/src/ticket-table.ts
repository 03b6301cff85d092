// The table of streams that wait in a queue, and the order among them. Slots and the heap only; who may wait and who is
// served is queue.ts's.
//
// Each thread has a slice of the table and allocates from it alone, so what a dead thread waited for is found by its number.
// One ticket is one cache line.
//
// word            unit               writer
// state           TicketState        owner: free -> waiting, granted or redispatch -> free; whoever grants: waiting -> granted,
//                                    waiting -> redispatch. All under the backend's queue lock.
// backend         slot               owner, before it waits
// queue           server slot + 1, or 0 for the backend's own queue; owner, before it waits
// server          slot               whoever grants, before `granted`
// priorityClass   -2047 to 2047      owner, before it waits
// sequence        number, wraps      owner, before it waits
// dueMs           monotonic ms       owner, before it waits (Float64)
// child next prev ticket + 1, or 0   holder of the queue lock: the heap
// inbox           ticket + 1, or 0   whoever grants: next in the owner's list of granted tickets
// served          number, wraps      owner, before it waits: streams that its queue had served by then; whoever ends its wait puts
//                                    its position there, which is how many were served meanwhile, itself included
//
// The truth is `state` with the words written before it. The heap is an index over the waiting ones: when a thread dies
// under the queue lock, it is thrown away and built again (recovery.ts).
//
// The heap is a pairing heap threaded through the tickets themselves: it needs no memory of its own and so never is full,
// insertion is O(1), taking the first or removing any is O(log n) amortised. `child` is the first child, `next` the next
// sibling, `prev` the previous sibling or, for a first child, the parent.

export const TICKET_BYTES = 64;
const TICKET_INTS = TICKET_BYTES / 4;
const TICKET_FLOATS = TICKET_BYTES / 8;

export const TicketWord = {
  state: 0,
  backend: 1,
  queue: 2,
  server: 3,
  priorityClass: 4,
  sequence: 5,
  child: 8,
  next: 9,
  prev: 10,
  inbox: 11,
  served: 12,
} as const;
const DUE_MS = 3;
export const TicketState = { free: 0, waiting: 1, granted: 2, redispatch: 3 } as const;

/** Index of a ticket's word. */
export const ticketWord = (ticket: number, word: number): number => ticket * TICKET_INTS + word;
/** Index of a ticket's `dueMs`. */
export const ticketDue = (ticket: number): number => ticket * TICKET_FLOATS + DUE_MS;

/** The two views of the ticket table, as `Segment` has them. */
export interface TicketTable {
  readonly tickets: Int32Array;
  readonly ticketFloats: Float64Array;
}

/** Where a heap's root (ticket + 1, or 0 when empty) is kept. */
export interface HeapRoot {
  readonly ints: Int32Array;
  readonly root: number;
}

/** Whether ticket `a` is served before `b`: lowest class, then earliest due, then first come. */
export function before({ tickets, ticketFloats }: TicketTable, a: number, b: number): boolean {
  const classes = tickets[ticketWord(a, TicketWord.priorityClass)] - tickets[ticketWord(b, TicketWord.priorityClass)];
  if (classes !== 0) return classes < 0;
  const due = ticketFloats[ticketDue(a)] - ticketFloats[ticketDue(b)];
  if (due !== 0) return due < 0;
  return ((tickets[ticketWord(a, TicketWord.sequence)] - tickets[ticketWord(b, TicketWord.sequence)]) | 0) < 0;
}

export function heapInsert(table: TicketTable, heap: HeapRoot, ticket: number): void {
  const { tickets } = table;
  tickets[ticketWord(ticket, TicketWord.child)] = 0;
  tickets[ticketWord(ticket, TicketWord.next)] = 0;
  tickets[ticketWord(ticket, TicketWord.prev)] = 0;
  heap.ints[heap.root] = merge(table, heap.ints[heap.root], ticket + 1);
}

/** The first in order, or -1. */
export function heapFirst(heap: HeapRoot): number {
  return heap.ints[heap.root] - 1;
}

export function heapRemove(table: TicketTable, heap: HeapRoot, ticket: number): void {
  const { tickets } = table;
  const node = ticket + 1;
  const orphans = mergeSiblings(table, tickets[ticketWord(ticket, TicketWord.child)]);
  if (heap.ints[heap.root] === node) {
    heap.ints[heap.root] = orphans;
    return;
  }
  const prev = tickets[ticketWord(ticket, TicketWord.prev)];
  const next = tickets[ticketWord(ticket, TicketWord.next)];
  const child = ticketWord(prev - 1, TicketWord.child);
  tickets[tickets[child] === node ? child : ticketWord(prev - 1, TicketWord.next)] = next;
  if (next !== 0) tickets[ticketWord(next - 1, TicketWord.prev)] = prev;
  heap.ints[heap.root] = merge(table, heap.ints[heap.root], orphans);
}

/** Joins two heaps (ticket + 1, or 0) and returns the root, which has neither sibling nor parent. */
function merge(table: TicketTable, a: number, b: number): number {
  if (a === 0) return b;
  if (b === 0) return a;
  const { tickets } = table;
  const [root, below] = before(table, b - 1, a - 1) ? [b, a] : [a, b];
  const child = ticketWord(root - 1, TicketWord.child);
  const sibling = tickets[child];
  tickets[ticketWord(below - 1, TicketWord.next)] = sibling;
  tickets[ticketWord(below - 1, TicketWord.prev)] = root;
  if (sibling !== 0) tickets[ticketWord(sibling - 1, TicketWord.prev)] = below;
  tickets[child] = below;
  return root;
}

/** The two passes of a pairing heap: neighbours are joined from left to right, the pairs then from right to left. */
function mergeSiblings(table: TicketTable, first: number): number {
  const { tickets } = table;
  let pairs = 0;
  for (let node = first; node !== 0;) {
    const second = detach(tickets, node);
    const rest = second === 0 ? 0 : detach(tickets, second);
    const pair = merge(table, node, second);
    tickets[ticketWord(pair - 1, TicketWord.next)] = pairs;
    pairs = pair;
    node = rest;
  }
  let root = 0;
  for (let pair = pairs; pair !== 0;) {
    const rest = detach(tickets, pair);
    root = merge(table, root, pair);
    pair = rest;
  }
  return root;
}

/** Cuts a node from its siblings and parent; returns the next sibling. */
function detach(tickets: Int32Array, node: number): number {
  const next = tickets[ticketWord(node - 1, TicketWord.next)];
  tickets[ticketWord(node - 1, TicketWord.next)] = 0;
  tickets[ticketWord(node - 1, TicketWord.prev)] = 0;
  return next;
}
