import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findings, read } from './testing.ts';

/** Texts of `.notice` lines that were reached. */
function notices(text: string, env: Record<string, string> = {}): readonly string[] {
  return read(text, { env })
    .diagnostics.filter(({ severity }) => severity === 'notice')
    .map(({ message }) => message);
}

test('manual 2.4: one branch of a block is read', () => {
  const block = (first: string, second: string) =>
    `.if ${first}\n.notice A\n.elif ${second}\n.notice B\n.else\n.notice C\n.endif\n.notice end`;
  assert.deepEqual(notices(block('1', '1')), ["'A'.", "'end'."]);
  assert.deepEqual(notices(block('0', '1')), ["'B'.", "'end'."]);
  assert.deepEqual(notices(block('0', '0')), ["'C'.", "'end'."]);
});

test('manual 2.4: the example of nested blocks', () => {
  const text = [
    '.if "${A}"',
    '.if "${B}"',
    '.notice "A=1, B=1"',
    '.elif "${C}"',
    '.notice "A=1, B=0, C=1"',
    '.elif "${D}"',
    '.warning "A=1, B=0, C=0, D=1"',
    '.else',
    '.alert "A=1, B=0, C=0, D=0"',
    '.endif',
    '.else',
    '.notice "A=0"',
    '.endif',
  ].join('\n');
  const said = (env: Record<string, string>) =>
    read(text, { env }).diagnostics.map(({ severity, message }) => `${severity} ${message}`);
  assert.deepEqual(said({ A: '1', B: '1' }), ["notice 'A=1, B=1'."]);
  assert.deepEqual(said({ A: '1', C: '1' }), ["notice 'A=1, B=0, C=1'."]);
  assert.deepEqual(said({ A: '1', D: '1' }), ["warning 'A=1, B=0, C=0, D=1'."]);
  assert.deepEqual(said({ A: '1' }), ["alert 'A=1, B=0, C=0, D=0'."]);
  assert.deepEqual(said({}), ["notice 'A=0'."]);
});

test('what is skipped is not judged, but must be tokens', () => {
  assert.deepEqual(findings('.if 0\n.if bad\n.unknown\nnonsense\n.endif\n.endif'), []);
  assert.deepEqual(findings('.if 0\n"open\n.endif'), ['ALERT parsing [t.cfg:2]: unmatched quote at position 1:']);
  assert.deepEqual(findings('.if 1\n.elif bad\n.endif'), []);
});

test("blocks that do not fit are errors, in haproxy's words", () => {
  assert.deepEqual(findings('.endif'), ["ALERT parsing [t.cfg:1]: lone '.endif' with no matching '.if'."]);
  assert.deepEqual(findings('.else'), ["ALERT parsing [t.cfg:1]: lone '.else' with no matching '.if'."]);
  assert.deepEqual(findings('.elif 1'), ["ALERT parsing [t.cfg:1]: lone '.elif' with no matching '.if'."]);
  assert.deepEqual(findings('.if 1\n.else\n.else\n.endif'), [
    "ALERT parsing [t.cfg:3]: '.else' after '.else' is not permitted.",
  ]);
  assert.deepEqual(findings('.if 1\n.else\n.elif 1\n.endif'), [
    "ALERT parsing [t.cfg:3]: '.elif' after '.else' is not permitted.",
  ]);
  assert.deepEqual(findings('.if 1\n.else x\n.endif'), [
    "ALERT parsing [t.cfg:2]: Unexpected argument 'x' for '.else'.",
  ]);
  assert.deepEqual(findings('.if 1'), ["ALERT parsing [t.cfg:1]: non-terminated '.if' block."]);
  assert.deepEqual(findings('.foo'), ["ALERT parsing [t.cfg:1]: unknown directive '.foo'."]);
});

test('after a bad condition no branch is read, and reading goes on behind the block', () => {
  assert.deepEqual(findings('.if bad\nfoo\n.else\nbar\n.endif\n.notice x'), [
    "ALERT parsing [t.cfg:1]: unparsable conditional expression 'bad' in '.if' at position 1:",
    "NOTICE parsing [t.cfg:6]: 'x'.",
  ]);
});

test('the caret of a bad condition stands on its word', () => {
  const [finding] = read('  .if  1  &&   foo\n.endif').diagnostics;
  assert.deepEqual(finding.at, { file: 't.cfg', line: 1, column: 16 });
});

test('99 blocks nest, as in haproxy', () => {
  const nested = (depth: number) => '.if 1\n'.repeat(depth) + '.endif\n'.repeat(depth);
  assert.deepEqual(findings(nested(99)), []);
  assert.deepEqual(findings(nested(100)), ["ALERT parsing [t.cfg:100]: too many nested '.if', max is 100."]);
});

test('messages take one argument', () => {
  assert.deepEqual(findings('.warning "two words"'), ["WARNING parsing [t.cfg:1]: 'two words'."]);
  assert.deepEqual(findings('.diag d'), ["DIAG parsing [t.cfg:1]: 'd'."]);
  assert.deepEqual(findings('.alert'), ["ALERT parsing [t.cfg:1]: ''."]);
  assert.deepEqual(findings('.alert two words'), [
    "ALERT parsing [t.cfg:1]: Unexpected argument 'words' for '.alert'. Use quotes if the message should contain spaces.",
  ]);
});

test('manual 2.3: pseudo-variables tell the place', () => {
  const text =
    '.notice "${.FILE}:${.LINE} <${.SECTION}>"\nglobal\n.notice "${.SECTION}"\nfrontend f\n bind :1\n timeout client 1\n.notice "${.LINE} ${.SECTION}"';
  assert.deepEqual(notices(text), ["'t.cfg:1 <>'.", "'global'.", "'7 f'."]);
});

test('environment keywords act on what follows them', () => {
  const text = [
    'global',
    ' setenv A "b c"',
    '.notice "$A"',
    ' presetenv A x',
    ' presetenv B y',
    '.notice "$A $B"',
    ' unsetenv A',
    '.if defined(A)',
    '.notice no',
    '.endif',
    ' setenv K keep',
    ' resetenv K',
    '.notice "$K ${B-gone} ${HOME-gone}"',
  ].join('\n');
  assert.deepEqual(notices(text, { HOME: '/root' }), ["'b c'.", "'b c y'.", "'keep gone gone'."]);
});

test('the environment that programs inherit is what the configuration left', () => {
  const { environment } = read('global\n setenv A 1\n unsetenv HOME\n localpeer p1', { env: { HOME: '/root' } });
  assert.equal(environment.get('A'), '1');
  assert.equal(environment.get('HOME'), undefined);
  assert.equal(environment.get('HAPROXY_LOCALPEER'), 'p1');
});
