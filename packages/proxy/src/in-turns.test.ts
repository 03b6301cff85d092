import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { inTurns } from './in-turns.ts';

function* steps(count: number, taken: string[]): Generator<void, string> {
  for (let step = 1; step <= count; step++) {
    taken.push(`step ${step}`);
    yield;
  }
  return 'result';
}

/** A clock that goes on by so many ms each time it is looked at. */
function clock(context: TestContext, ms: number): void {
  let now = 0;
  context.mock.method(performance, 'now', () => (now += ms));
}

test('long work lets the loop turn in between, and is told each time', async (context) => {
  clock(context, 5);
  const taken: string[] = [];
  let isOver = false;
  const others = (async (): Promise<void> => {
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve));
      taken.push('other');
    }
  })();
  const result = await inTurns(steps(3, taken), 5, () => taken.push('turned'));
  isOver = true;
  await others;
  assert.equal(result, 'result');
  assert.deepEqual(
    taken.filter((what) => what !== 'other'),
    ['step 1', 'turned', 'step 2', 'turned', 'step 3', 'turned'],
  );
  // Whatever else the loop has to do is done between two steps.
  for (const step of [1, 2]) {
    const [from, to] = [taken.indexOf(`step ${step}`), taken.indexOf(`step ${step + 1}`)];
    assert.ok(taken.slice(from, to).includes('other'), taken.join(', '));
  }
});

test('short work is done at once', async (context) => {
  clock(context, 0);
  const taken: string[] = [];
  const result = inTurns(steps(1000, taken), 5, () => taken.push('turned'));
  assert.equal(taken.length, 1000);
  assert.equal(await result, 'result');
});
