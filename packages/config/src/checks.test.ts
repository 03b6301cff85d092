import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findings, read, TIMEOUTS } from './testing.ts';

test('references that lead nowhere are errors; the nearest name is told', () => {
  const text = `${TIMEOUTS}frontend f\n bind :1\n default_backend webb\n use_backend nosuch if TRUE\nbackend web`;
  assert.deepEqual(findings(text), [
    "ALERT Proxy 'f': unable to find required default_backend: 'webb'.",
    "ALERT Proxy 'f': unable to find required use_backend: 'nosuch'.",
  ]);
  const { diagnostics } = read(text);
  assert.deepEqual([diagnostics[0].at, diagnostics[0].nearest], [{ file: 't.cfg', line: 7, column: 18 }, 'web']);
});

test('a frontend is no backend, and a listen must not choose itself', () => {
  assert.deepEqual(findings(`${TIMEOUTS}frontend f\n bind :1\n default_backend f`), [
    "ALERT Proxy 'f': unable to find required default_backend: 'f'.",
  ]);
  assert.deepEqual(findings(`${TIMEOUTS}listen l\n bind :1\n default_backend l`), [
    "ALERT Proxy 'l': loop detected for default_backend: 'l'.",
  ]);
  assert.deepEqual(findings(`${TIMEOUTS}listen l\n bind :1\n use_backend l`), [
    "ALERT Proxy 'l': loop detected for use_backend: 'l'.",
  ]);
  assert.deepEqual(findings(`${TIMEOUTS}frontend f\n bind :1\n use_backend l\nlisten l\n bind :2`), []);
});

test('an HTTP frontend does not go to a TCP backend; the other way is an upgrade', () => {
  const text = (from: string, to: string) =>
    `${TIMEOUTS}frontend f\n mode ${from}\n bind :1\n default_backend b\nbackend b\n mode ${to}`;
  assert.deepEqual(findings(text('http', 'tcp')), [
    "ALERT http frontend 'f' (t.cfg:5) tries to use incompatible tcp backend 'b' (t.cfg:9) as its default backend (see 'mode').",
  ]);
  assert.deepEqual(findings(text('tcp', 'http')), []);
});

test('names found by a format are not looked up', () => {
  assert.deepEqual(findings(`${TIMEOUTS} mode http\nfrontend f\n bind :1\n use_backend %[path,lower]`), []);
});

test('a check needs a port', () => {
  const line = (options: string) => findings(`${TIMEOUTS}backend b\n server s ${options}`);
  assert.deepEqual(line('1.1.1.1 check'), [
    "ALERT config: backend 'b': server 's' has neither service port nor check port.",
  ]);
  assert.equal(line('1.1.1.1:+5 check').length, 1);
  assert.deepEqual(line('1.1.1.1 check port 80'), []);
  assert.deepEqual(line('/run/s check'), []);
});

test("missing timeouts are a warning with haproxy's very text", () => {
  const { diagnostics } = read('frontend f\n bind :1');
  assert.equal(
    diagnostics[0].message,
    [
      "missing timeouts for frontend 'f'.",
      '   | While not properly invalid, you will certainly encounter various problems',
      '   | with such a configuration. To fix this, please ensure that all following',
      "   | timeouts are set to a non-zero value: 'client', 'connect', 'server'.",
    ].join('\n'),
  );
  assert.equal(findings('backend b').length, 0);
  assert.equal(findings('backend b\n server s 1.1.1.1').length, 1);
  assert.equal(findings('backend b\n timeout connect 1\n timeout tunnel 1\n server s 1.1.1.1').length, 0);
  assert.equal(findings('backend b\n mode http\n timeout connect 1\n timeout tunnel 1\n server s 1.1.1.1').length, 1);
});

test('a proxy without a listener is a warning', () => {
  assert.deepEqual(findings(`${TIMEOUTS}listen l`), [
    "WARNING proxy 'l' has no 'bind' directive. Please declare it as a backend if this was intended.",
  ]);
});

test('what needs HTTP mode is named where the mode is TCP', () => {
  const text = `${TIMEOUTS}frontend f\n bind :1\n option forwardfor\n option http-ignore-probes\n http-request deny`;
  assert.deepEqual(findings(text), [
    "WARNING 'http-request' rules ignored for frontend 'f' as they require HTTP mode.",
    "WARNING 'option forwardfor' ignored for frontend 'f' as it requires HTTP mode.",
    "WARNING 'option http-ignore-probes' ignored for frontend 'f' as it requires HTTP mode.",
  ]);
});

test('a log format without a destination is a warning', () => {
  assert.deepEqual(findings(`${TIMEOUTS} mode http\n option httplog\nfrontend f\n bind :1`), [
    "WARNING log format ignored for frontend 'f' since it has no log address.",
  ]);
  assert.deepEqual(findings(`${TIMEOUTS} mode http\n option httplog\n log global\nfrontend f\n bind :1`), []);
});

test('a disabled proxy is not judged', () => {
  assert.deepEqual(findings('frontend f\n disabled\n default_backend nosuch'), []);
});

test('doubts are kept back beside errors', () => {
  assert.deepEqual(findings('frontend f\n bind :1\n default_backend nosuch'), [
    "ALERT Proxy 'f': unable to find required default_backend: 'nosuch'.",
  ]);
});
