// Variables by scope: what the manual says of `set-var` and its conditions (7.3.1), and that a value is cast by what it is when
// it is read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Expression } from '@evenkeel/config';
import { createCompiler } from './compiler.ts';
import type { SampleContext } from './context.ts';
import { contextOf, environmentOf } from './testing.ts';
import { compileSetVariable, emptyScopes, variableReference, type VariableCondition } from './variables.ts';

const compiler = createCompiler(environmentOf());
const contextWith = (): SampleContext => contextOf({ variables: emptyScopes('check', 'proc') });

function expression(
  fetch: readonly [string, ...string[]],
  ...converters: (readonly [string, ...string[]])[]
): Expression {
  const call = ([name, ...args]: readonly [string, ...string[]]): Expression['fetch'] => ({ name, arguments: args });
  return { kind: 'expression', fetch: call(fetch), converters: converters.map(call), text: '' };
}

test('a variable is read with what was set, and casts as the value that it holds', () => {
  const context = contextWith();
  compileSetVariable('check.n', [])(context, 1234);
  const read = expression(['var', 'check.n']);
  assert.equal(compiler.string(read)(context), '1234');
  assert.equal(compiler.integer(read)(context), 1234);
  assert.equal(compiler.string(expression(['var', 'check.n'], ['hex']))(context), '00000000000004D2');
  compileSetVariable('check.n', [])(context, '77 bottles');
  assert.equal(compiler.integer(read)(context), 77);
});

test('what was not set is not found, or is the default', () => {
  assert.equal(compiler.string(expression(['var', 'check.none']))(contextWith()), undefined);
  assert.equal(compiler.string(expression(['var', 'check.none', 'else']))(contextWith()), 'else');
  assert.equal(compiler.string(expression(['var', 'txn.none']))(contextOf()), undefined);
});

test('a sample that was not found changes nothing', () => {
  const context = contextWith();
  compileSetVariable('check.n', [])(context, 'old');
  compileSetVariable('check.n', [])(context, undefined);
  assert.equal(variableReference('check.n').get(context), 'old');
});

test('the converters keep and forget what passes through them', () => {
  const context = contextWith();
  const kept = compiler.string(expression(['str', 'abc'], ['set-var', 'check.x'], ['upper']))(context);
  assert.equal(kept, 'ABC');
  assert.equal(variableReference('check.x').get(context), 'abc');
  assert.equal(compiler.string(expression(['str', 'z'], ['unset-var', 'check.x']))(context), 'z');
  assert.equal(variableReference('check.x').get(context), undefined);
});

/** Before, condition, value, after. */
const cases: readonly (readonly [
  before: number | string | undefined,
  condition: VariableCondition,
  value: number | string,
  after: unknown,
])[] = [
  [undefined, 'ifexists', 1, undefined],
  [5, 'ifexists', 1, 1],
  [undefined, 'ifnotexists', 1, 1],
  [5, 'ifnotexists', 1, 5],
  [undefined, 'ifset', 1, undefined],
  [5, 'ifset', 1, 1],
  [undefined, 'ifnotset', 1, 1],
  [5, 'ifnotset', 1, 5],
  [5, 'ifempty', '', ''],
  [5, 'ifempty', 'a', 5],
  // Scalar types are never empty.
  [5, 'ifempty', 0, 5],
  [5, 'ifnotempty', 0, 0],
  [5, 'ifnotempty', '', 5],
  // The content of the variable is compared with the input.
  [5, 'ifgt', 7, 5],
  [5, 'ifgt', 3, 3],
  [5, 'iflt', 7, 7],
  [5, 'iflt', 3, 5],
  // Only integers compare.
  ['a', 'ifgt', 7, 7],
  [undefined, 'iflt', 7, 7],
];

for (const [before, condition, value, after] of cases) {
  test(`set-var with ${condition}: ${JSON.stringify(before)} and ${JSON.stringify(value)} give ${JSON.stringify(after)}`, () => {
    const context = contextWith();
    compileSetVariable('check.v', [])(context, before);
    compileSetVariable('check.v', [condition])(context, value);
    assert.equal(variableReference('check.v').get(context), after);
  });
}

test('an unset variable still exists; those of the process always do', () => {
  const context = contextWith();
  const variable = variableReference('check.v');
  variable.set(context, 1);
  variable.set(context, undefined);
  assert.equal(variable.exists(context), true);
  compileSetVariable('check.v', ['ifnotset'])(context, 2);
  assert.equal(variable.get(context), 2);
  assert.equal(variableReference('proc.never').exists(context), true);
});

test('payload of an answer (manual section 7.3.5)', () => {
  const context = contextOf({ responseBuffer: '\0\x03abcdef' });
  const read = (...call: [string, ...(string | number)[]]): string | undefined =>
    compiler.string({
      kind: 'expression',
      fetch: { name: call[0], arguments: call.slice(1) },
      converters: [],
      text: '',
    })(context);
  assert.equal(read('res.payload', 2, 3), 'abc');
  assert.equal(read('res.payload', 2, 0), 'abcdef');
  assert.equal(read('res.payload', 2, 7), undefined);
  assert.equal(read('res.payload_lv', 0, 2), 'abc');
  assert.equal(read('res.payload_lv', 0, 2, '+1'), 'bcd');
  assert.equal(read('res.payload_lv', 0, 2, '4'), 'cde');
  assert.equal(read('res.len'), '8');
  assert.equal(compiler.string(expression(['res.payload', '0', '1']))(contextOf()), undefined);
});
