import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DeadlineQueue } from './deadlines.ts';

test('behaves as a sorted list would, whatever is set, moved, removed and taken', () => {
  const item = fc.nat(9);
  const step = fc.oneof(
    fc.record({ type: fc.constant('set' as const), item, deadline: fc.option(fc.nat(100), { nil: undefined }) }),
    fc.record({ type: fc.constant('take' as const), now: fc.nat(100) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const items = Array.from({ length: 10 }, (_, index) => ({ index }));
      const queue = new DeadlineQueue<{ index: number }>();
      const model = new Map<number, number>();
      for (const each of steps) {
        if (each.type === 'set') {
          queue.set(items[each.item], each.deadline);
          if (each.deadline === undefined) model.delete(each.item);
          else model.set(each.item, each.deadline);
        } else {
          const taken = queue.take(each.now).map(({ index }) => index);
          const due = [...model].filter(([, deadline]) => deadline <= each.now);
          assert.deepEqual(
            taken.map((index) => model.get(index)),
            due.map(([, deadline]) => deadline).sort((a, b) => a - b),
          );
          assert.deepEqual(new Set(taken), new Set(due.map(([index]) => index)));
          for (const index of taken) model.delete(index);
        }
        assert.equal(queue.size, model.size);
        assert.equal(queue.next(), model.size === 0 ? undefined : Math.min(...model.values()));
      }
    }),
  );
});
