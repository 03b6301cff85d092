import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findings, proxyFindings, read } from './testing.ts';

test("unknown words, in haproxy's sentences, with the nearest word of the section", () => {
  assert.deepEqual(proxyFindings('frontend f', ['bind :80', 'maxcnn 5', 'hello']), [
    "ALERT parsing [t.cfg:8] : unknown keyword 'maxcnn' in 'frontend' section; did you mean 'maxconn' maybe ?",
    "ALERT parsing [t.cfg:9] : unknown keyword 'hello' in 'frontend' section",
  ]);
});

test('a second word that is unknown stands under the caret', () => {
  const { diagnostics } = read('backend b\n timeout  conect 5s');
  assert.deepEqual([diagnostics[0].at!.column, diagnostics[0].nearest], [11, 'connect']);
});

test("families of words have haproxy's sentences", () => {
  const of = (statement: string) =>
    proxyFindings('listen l', ['bind :80', statement])[0].replace(/^ALERT parsing \[t\.cfg:8\] ?: /, '');
  assert.equal(of('option'), "'option' expects an option name.");
  assert.equal(of('capture foo'), "'capture' expects 'cookie' or 'request header' or 'response header'.");
  assert.equal(of('monitor'), "'monitor' only supports 'fail'.");
  assert.equal(of('tcp-request'), "missing argument for 'tcp-request' in proxy 'l'");
  assert.equal(
    of('tcp-request foo'),
    "'tcp-request' expects 'inspect-delay', 'connection', or 'content' in proxy 'l' (got 'foo')",
  );
});

test('a keyword without effect is remarked once', () => {
  assert.equal(findings('global\n chroot /a\nglobal\n nosplice\n nosplice').length, 2);
});

test('a refused keyword names what to write instead', () => {
  assert.match(proxyFindings('backend b', ['option forceclose'])[0], /use 'option httpclose' if absolutely needed\.$/);
});
