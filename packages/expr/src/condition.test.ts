import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCompiler } from './compiler.ts';
import type { LogContext } from './context.ts';
import { conditionOf, contextOf, environmentOf, requestOf, rulesOf } from './testing.ts';

const compiler = createCompiler(environmentOf());

function holds(
  lines: readonly string[],
  context: LogContext = contextOf(),
  files: Record<string, string> = {},
): boolean {
  return compiler.condition(conditionOf(lines, files))!(context);
}

function deny(condition: string): string[] {
  return [`http-request deny ${condition}`];
}

test('no condition costs nothing', () => {
  assert.equal(compiler.condition(undefined), undefined);
  assert.equal(compiler.inspection(undefined), undefined);
});

test('an empty condition never holds, and `unless` always', () => {
  assert.equal(holds(deny('if')), false);
  assert.equal(holds(deny('unless')), true);
});

test('and, or, negation (manual section 7.2)', () => {
  const table: Record<string, boolean> = {
    'if TRUE': true,
    'if FALSE': false,
    'if !TRUE': false,
    'if !!TRUE': true,
    'if ! TRUE': false,
    'if TRUE FALSE': false,
    'if TRUE TRUE TRUE': true,
    'if FALSE or TRUE': true,
    'if FALSE || FALSE': false,
    'if FALSE OR FALSE || TRUE': true,
    'if TRUE FALSE || TRUE TRUE': true,
    'if || TRUE': true,
    'if TRUE ||': true,
    'unless TRUE': false,
    'unless FALSE': true,
    'unless TRUE FALSE': true,
    'if TRUE TRUE FALSE || FALSE || FALSE': false,
    'if !FALSE { path_beg /a }': true,
    'if { path_beg /a } !{ path_end b }': false,
    'if METH_GET': true,
    'if METH_POST': false,
    'if HTTP_1.1': true,
    'if HTTP_URL_ABS': false,
    'if HTTP_URL_SLASH': true,
    'if HTTP_URL_STAR': false,
    'if LOCALHOST': false,
    'if HTTP': true,
    'if HTTP_CONTENT': false,
  };
  for (const [condition, expected] of Object.entries(table)) assert.equal(holds(deny(condition)), expected, condition);
});

test('several lines of an ACL are alternatives', () => {
  const lines = ['acl a path /x', 'acl a path_beg /a', ...deny('if a')];
  assert.equal(holds(lines), true);
  assert.equal(holds(lines, contextOf({ request: requestOf('GET /y HTTP/1.1\r\nHost: h\r\n\r\n') })), false);
});

test('a line after the rule still belongs to its ACL', () => {
  const [rule] = rulesOf(['acl a path /x', ...deny('if a'), 'acl a path_beg /a']);
  assert.equal(compiler.condition(rule.condition)!(contextOf()), true);
});

test('a sample that is not found fails its test, and the negation holds', () => {
  assert.equal(holds(deny('if { hdr(nope) -m str x }')), false);
  assert.equal(holds(deny('if !{ hdr(nope) -m str x }')), true);
  assert.equal(holds(deny('if { hdr(nope) -m len 0 }')), false);
});

test('patterns of files, with and without case', () => {
  const files = { 'p.lst': '# comment\n/A/B\n\n  /x\r\n', 'n.map': '192.0.2.0/24 lab\n' };
  assert.equal(holds(deny('if { path -f p.lst }'), contextOf(), files), false);
  assert.equal(holds(deny('if { path -i -f p.lst }'), contextOf(), files), true);
  assert.equal(
    holds(deny('if { path -f p.lst -i /nothing }'), contextOf(), files),
    false,
    'the flag counts for what follows it',
  );
  assert.equal(holds(deny('if { path -f p.lst -i /A/b }'), contextOf(), files), true);
  assert.equal(holds(deny('if { src -M -f n.map }'), contextOf(), files), true);
});

test('a named ACL is compiled once for all rules', () => {
  const compiled = createCompiler(environmentOf());
  const rules = rulesOf(['acl a path_beg /a', ...deny('if a'), ...deny('if a')]);
  const [first, second] = rules.map((rule) => compiled.condition(rule.condition));
  assert.equal(first, second);
});

test('content inspection waits for what may still come', () => {
  const waiting = contextOf({ request: undefined, inspectionFinal: false });
  const inspect = (condition: string, context: LogContext): boolean | undefined => {
    const [rule] = rulesOf([`tcp-request content reject ${condition}`], 'tcpRequestContent');
    return compiler.inspection(rule.condition)!(context);
  };
  assert.equal(inspect('if { path /a/b }', waiting), undefined);
  assert.equal(inspect('if !{ path /a/b }', waiting), undefined);
  assert.equal(inspect('unless { path /a/b }', waiting), undefined);
  assert.equal(inspect('if { src 192.0.2.0/24 }', waiting), true, 'addresses are there from the start');
  assert.equal(inspect('if { src 10.0.0.0/8 }', waiting), false);
  assert.equal(inspect('if { src 10.0.0.0/8 } { path /a/b }', waiting), false, 'false decides a term');
  assert.equal(inspect('if { src 192.0.2.0/24 } { path /a/b }', waiting), undefined);
  assert.equal(inspect('if { path /a/b } || { src 192.0.2.0/24 }', waiting), true, 'true decides the whole');
  assert.equal(inspect('if WAIT_END', waiting), undefined);
  assert.equal(inspect('if !WAIT_END', waiting), undefined);
  const late = contextOf({ request: undefined, inspectionFinal: true });
  assert.equal(inspect('if { path /a/b }', late), false);
  assert.equal(inspect('if WAIT_END', late), true);
  assert.equal(inspect('unless { path /a/b }', late), true);
  const complete = contextOf({ inspectionFinal: false });
  assert.equal(inspect('if { path /a/b }', complete), true);
  assert.equal(inspect('if { path /zz }', complete), false, 'the request will not change any more');
});
