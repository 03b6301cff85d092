import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Diagnostic } from './diagnostic.ts';
import { haproxyText, renderDiagnostic, renderDiagnostics, Sources } from './render.ts';

const sources = new Sources();
sources.add('t.cfg', 'global\n\tmaxcon 10\nlast line');

function finding(detail: Partial<Diagnostic> = {}): Diagnostic {
  return {
    severity: 'alert',
    message: "unknown keyword 'maxcon' in 'global' section",
    at: { file: 't.cfg', line: 2, column: 2 },
    length: 6,
    form: 'parsing',
    expected: undefined,
    nearest: undefined,
    remedy: undefined,
    ...detail,
  };
}

test("the first line is haproxy's, then place, source line and caret", () => {
  assert.equal(
    renderDiagnostic(finding({ nearest: 'maxconn' }), { pid: 42, sources }),
    "[ALERT]    (42) : config : parsing [t.cfg:2] : unknown keyword 'maxcon' in 'global' section\n" +
      '   --> t.cfg:2:2\n' +
      '    | \tmaxcon 10\n' +
      "    | \t^^^^^^ did you mean 'maxconn'?\n",
  );
});

test('each form begins as haproxy begins it', () => {
  assert.match(haproxyText(finding()), /^parsing \[t\.cfg:2\] : unknown/);
  assert.match(haproxyText(finding({ form: 'tight' })), /^parsing \[t\.cfg:2\]: unknown/);
  assert.match(haproxyText(finding({ form: 'place' })), /^\[t\.cfg:2\] : unknown/);
  assert.match(haproxyText(finding({ form: 'plain' })), /^unknown/);
  assert.match(haproxyText(finding({ at: undefined })), /^unknown/);
});

test('labels are padded as haproxy pads them', () => {
  const label = (severity: Diagnostic['severity']) =>
    renderDiagnostic(finding({ severity }), { pid: 1, sources, brief: true }).slice(0, 15);
  assert.equal(label('alert'), '[ALERT]    (1) ');
  assert.equal(label('warning'), '[WARNING]  (1) ');
  assert.equal(label('notice'), '[NOTICE]   (1) ');
  assert.equal(label('diag'), '[DIAG]     (1) ');
});

test('expectation and suggestion stand behind the caret', () => {
  const text = renderDiagnostic(finding({ expected: 'a number', nearest: 'x' }), { pid: 1, sources });
  assert.match(text, /\^{6} expected a number; did you mean 'x'\?\n$/);
});

test('what to do stands last', () => {
  const text = renderDiagnostic(finding({ expected: 'a number', remedy: 'leave the line out' }), { pid: 1, sources });
  assert.match(text, /\^{6} expected a number; leave the line out\n$/);
});

test('a message is cut where a word of the file makes it long, and its end stays', () => {
  const text = renderDiagnostic(finding({ message: `unknown '${'x'.repeat(5_000_000)}' in 'global' section` }), {
    pid: 1,
    sources,
    brief: true,
  });
  assert.ok(text.length < 1500, `${text.length} characters`);
  assert.match(text, /^\[ALERT\].*unknown 'x+ \[\.\.\. \d+ characters \.\.\.\] x+' in 'global' section\n$/);
});

test('control characters of the file are shown and not sent to the terminal', () => {
  const shown = (message: string) =>
    renderDiagnostic(finding({ message }), { pid: 1, sources, brief: true }).slice('[ALERT]    (1) : config : '.length);
  const at = 'parsing [t.cfg:2] : ';
  assert.equal(shown('a\x1b[2Jb\x07\x7f\r'), `${at}a\\x1b[2Jb\\x07\\x7f\\x0d\n`);
  assert.equal(shown('a\n[ALERT] forged'), `${at}a\\x0a[ALERT] forged\n`);
  // U+009B is a control sequence introducer, as UTF-8 and as a single byte.
  assert.equal(shown('\xc2\x9b1m \x9b1m'), `${at}\\xc2\\x9b1m \\x9b1m\n`);
  assert.equal(shown('caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80'), `${at}caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\n`);
  assert.equal(shown('first\n   | second'), `${at}first\n   | second\n`);
});

test('a place at the end of the line, on the last line or outside the text is no problem', () => {
  assert.match(
    renderDiagnostic(finding({ at: { file: 't.cfg', line: 3, column: 10 } }), { pid: 1, sources }),
    / {9}\^\n$/,
  );
  assert.match(
    renderDiagnostic(finding({ at: { file: 't.cfg', line: 9, column: 1 } }), { pid: 1, sources }),
    /--> t\.cfg:9:1\n$/,
  );
  assert.match(
    renderDiagnostic(finding({ at: { file: 'other', line: 1, column: 1 } }), { pid: 1, sources }),
    /--> other:1:1\n$/,
  );
});

test('a long line is cut around the caret, and control characters are shown as such', () => {
  const long = new Sources();
  long.add('t.cfg', `${'a'.repeat(5000)} bad\x1b[31m ${'b'.repeat(5000)}`);
  const text = renderDiagnostic(finding({ at: { file: 't.cfg', line: 1, column: 5002 }, length: 3 }), {
    pid: 1,
    sources: long,
  });
  const [, , shown, caret] = text.split('\n') as [string, string, string, string];
  assert.ok(shown.length < 200);
  assert.ok(!shown.includes('\x1b'));
  assert.equal(shown.slice(caret.indexOf('^'), caret.indexOf('^') + 3), 'bad');
});

test('findings for developers are shown only when asked for', () => {
  const list = [finding({ severity: 'diag' }), finding({ severity: 'notice' })];
  assert.ok(!renderDiagnostics(list, { pid: 1, sources }).includes('[DIAG]'));
  assert.ok(renderDiagnostics(list, { pid: 1, sources }, ['diag']).includes('[DIAG]'));
});
