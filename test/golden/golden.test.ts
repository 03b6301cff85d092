// Every golden case in one loop: findings with their places and carets, or canonical text, as reviewed against the manual and
// the real haproxy; and the same verdict as haproxy's, unless the case says why not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allCases, judge, saysWhatToDo } from './case.ts';

const cases = allCases();

/** The case whose error is written in the configuration. */
const USERS_OWN_ALERT = 'conditionals/alert-refuses-the-file';

test('there are enough cases, and each has an expectation', () => {
  assert.ok(cases.length >= 120, `${cases.length} cases`);
  assert.deepEqual(
    cases.filter((one) => one.expectation === undefined).map((one) => one.name),
    [],
  );
});

test('every error says what to do', () => {
  const mute = cases.flatMap(({ name, text }) =>
    judge(name, text)
      // What the file itself has to say by '.alert' is its own affair.
      .diagnostics.filter((one) => one.severity === 'alert' && !saysWhatToDo(one) && name !== USERS_OWN_ALERT)
      .map(({ message }) => `${name}: ${message}`),
  );
  assert.deepEqual(mute, []);
});

for (const { name, text, expectation } of cases) {
  if (expectation === undefined) continue;
  test(`golden: ${name}`, () => {
    const { accepted, output, canonical } = judge(name, text);
    assert.equal(output, expectation.output);
    const same = accepted === (expectation.haproxy === 'accepts');
    if (expectation.differs === undefined) assert.ok(same, `haproxy ${expectation.haproxy} this configuration`);
    else assert.ok(!same, 'the verdicts agree, so there is nothing to explain');
    if (canonical !== undefined)
      assert.equal(judge(name, canonical).canonical, canonical, 'canonical text reads back to itself');
  });
}
