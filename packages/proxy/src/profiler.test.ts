// A profiler that is left on. What its commands answer is in test/system/runtime-figures.test.ts.
import assert from 'node:assert/strict';
import { Session } from 'node:inspector';
import { test } from 'node:test';
import { Profiler } from './profiler.ts';

test('samples of tasks are added up from time to time, for as long as it is on', (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  const post = context.mock.method(Session.prototype, 'post');
  const ended = (): number => post.mock.calls.filter((call) => String(call.arguments[0]) === 'Profiler.stop').length;
  const profiler = new Profiler();
  context.after(() => profiler.set('tasks', false));

  profiler.set('tasks', true);
  context.mock.timers.tick(60_000);
  assert.ok(ended() >= 3, `${ended()} profiles ended in a minute`);
  profiler.set('tasks', true);
  const before = ended();
  context.mock.timers.tick(60_000);
  const inAMinute = ended() - before;
  assert.ok(inAMinute <= 60, `${inAMinute} in the next one`);

  profiler.set('tasks', false);
  const atEnd = ended();
  context.mock.timers.tick(60_000);
  assert.equal(ended(), atEnd);
  assert.equal(profiler.isOn('tasks'), false);
});
