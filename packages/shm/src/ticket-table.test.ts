import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  TICKET_BYTES,
  TicketWord,
  before,
  heapFirst,
  heapInsert,
  heapRemove,
  ticketDue,
  ticketWord,
  type HeapRoot,
  type TicketTable,
} from './ticket-table.ts';

function table(size: number): TicketTable & {
  heap: HeapRoot;
  describe(ticket: number, priorityClass: number, due: number, sequence: number): void;
} {
  const buffer = new SharedArrayBuffer(size * TICKET_BYTES);
  const tickets = new Int32Array(buffer);
  const ticketFloats = new Float64Array(buffer);
  return {
    tickets,
    ticketFloats,
    heap: { ints: new Int32Array(1), root: 0 },
    describe(ticket, priorityClass, due, sequence) {
      tickets[ticketWord(ticket, TicketWord.priorityClass)] = priorityClass;
      tickets[ticketWord(ticket, TicketWord.sequence)] = sequence;
      ticketFloats[ticketDue(ticket)] = due;
    },
  };
}

describe('order of waiting', () => {
  it('is class, then due time, then arrival; numbers of arrival may wrap', () => {
    const t = table(6);
    t.describe(0, -5, 900, 10);
    t.describe(1, 0, 100, 11);
    t.describe(2, 0, 200, 0x7fff_ffff);
    t.describe(3, 0, 200, -0x8000_0000);
    t.describe(4, 0, 200, -0x7fff_ffff);
    t.describe(5, 7, 0, 0);
    const order = [5, 3, 1, 0, 4, 2].sort((a, b) => (before(t, a, b) ? -1 : 1));
    assert.deepEqual(order, [0, 1, 2, 3, 4, 5]);
  });

  it('any sequence of insertions and removals leaves the first in order first', () => {
    const size = 40;
    const step = fc.oneof(
      fc.record({
        type: fc.constant('insert' as const),
        ticket: fc.nat(size - 1),
        priorityClass: fc.integer({ min: -2, max: 2 }),
        due: fc.nat(5),
      }),
      fc.record({ type: fc.constant('remove' as const), ticket: fc.nat(size - 1) }),
      fc.record({ type: fc.constant('take' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const t = table(size);
        const waiting = new Set<number>();
        let sequence = 0;
        for (const s of steps) {
          if (s.type === 'insert') {
            if (waiting.has(s.ticket)) continue;
            t.describe(s.ticket, s.priorityClass, s.due, sequence++);
            heapInsert(t, t.heap, s.ticket);
            waiting.add(s.ticket);
          } else {
            const ticket = s.type === 'take' ? heapFirst(t.heap) : s.ticket;
            if (!waiting.delete(ticket)) continue;
            heapRemove(t, t.heap, ticket);
          }
          const first = [...waiting].reduce(
            (best, ticket) => (best < 0 || before(t, ticket, best) ? ticket : best),
            -1,
          );
          assert.equal(heapFirst(t.heap), first);
        }
        const drained: number[] = [];
        for (let ticket = heapFirst(t.heap); ticket >= 0; ticket = heapFirst(t.heap)) {
          heapRemove(t, t.heap, ticket);
          drained.push(ticket);
        }
        assert.deepEqual(
          drained,
          [...waiting].sort((a, b) => (before(t, a, b) ? -1 : 1)),
        );
      }),
    );
  });
});
