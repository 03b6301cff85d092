import { test } from 'node:test';
import assert from 'node:assert/strict';
import { RestartPolicy } from './restart-policy.ts';

test('the first deaths are repaired at once, later ones wait longer and longer, up to a bound', () => {
  const policy = new RestartPolicy(20);
  const delays = Array.from({ length: 12 }, (_, index) => policy.died(index));
  assert.deepEqual(delays.slice(0, 5), [0, 0, 50, 100, 200]);
  assert.equal(delays.at(-1), 2000);
});

test('deaths a minute apart never wait', () => {
  const policy = new RestartPolicy(20);
  for (let minute = 0; minute < 100; minute++) assert.equal(policy.died(minute * 60_000), 0);
});

test('a thread that keeps dying is given up', () => {
  const policy = new RestartPolicy(20);
  const answers = Array.from({ length: 21 }, (_, index) => policy.died(index));
  assert.equal(answers[19] === undefined, false);
  assert.equal(answers[20], undefined);
});
