import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findings, valid } from '../testing.ts';

test('manual 4: a proxy starts from the latest defaults before it', () => {
  const { proxies } = valid(
    'defaults\n timeout client 1s\n mode http\nfrontend a\n bind :1\ndefaults\n timeout client 2s\nfrontend b\n bind :2\nfrontend c\n bind :3\n timeout client 3s',
  );
  assert.deepEqual(
    proxies.map(({ mode, timeouts }) => [mode, timeouts.client]),
    [
      ['http', 1000],
      ['tcp', 2000],
      ['tcp', 3000],
    ],
  );
});

test('manual 4: from designates a section by name, also for defaults', () => {
  const { proxies } = valid(
    'defaults one\n timeout client 1s\n mode http\ndefaults two from one\n timeout client 2s\nfrontend a from one\n bind :1\nfrontend b from two\n bind :2',
  );
  assert.deepEqual(
    proxies.map(({ mode, timeouts }) => [mode, timeouts.client]),
    [
      ['http', 1000],
      ['http', 2000],
    ],
  );
});

test('an anonymous defaults may start from a named one', () => {
  assert.equal(
    valid('defaults d\n mode http\ndefaults from d\n timeout client 1s\nfrontend f\n bind :1').proxies[0].mode,
    'http',
  );
});

test('settings are inherited by value: a proxy does not change its defaults', () => {
  const { proxies } = valid(
    'defaults\n timeout client 1s\n option dontlognull\n default-server weight 7\n log stdout local0\nfrontend a\n bind :1\n no option dontlognull\n' +
      ' no log\nbackend b\n timeout connect 1\n timeout server 1\n default-server weight 8\n server s 1.1.1.1\nbackend c\n timeout connect 1\n timeout server 1\n server s 1.1.1.1\nfrontend d\n bind :2',
  );
  assert.deepEqual(
    proxies.map((proxy) => proxy.options.dontlognull),
    [false, true, true, true],
  );
  assert.deepEqual(
    proxies.map((proxy) => proxy.logs.length),
    [0, 1, 1, 1],
  );
  assert.equal(proxies[1].servers[0].weight, 8);
  assert.equal(proxies[2].servers[0].weight, 7);
});

test("heads that are wrong, in haproxy's words", () => {
  assert.deepEqual(findings('frontend'), ["ALERT parsing [t.cfg:1] : 'frontend' expects an <id> argument"]);
  assert.deepEqual(findings('backend a!b'), [
    "ALERT parsing [t.cfg:1] : character '!' is not permitted in 'backend' name 'a!b'.",
  ]);
  assert.deepEqual(findings('listen f :80'), [
    "ALERT parsing [t.cfg:1] : please use the 'bind' keyword for listening addresses.",
  ]);
  assert.deepEqual(findings('backend b from x'), [
    "ALERT parsing [t.cfg:1] : defaults section 'x' not found for backend 'b'.",
  ]);
  assert.deepEqual(findings('defaults d from d'), [
    "ALERT parsing [t.cfg:1] : defaults section 'd' not found for defaults 'd'.",
  ]);
  assert.deepEqual(findings('defaults d\ndefaults d\nbackend b from d'), [
    "ALERT parsing [t.cfg:3] : ambiguous defaults section name 'd' referenced by backend 'b' exists at least at t.cfg:1 and t.cfg:2.",
  ]);
  assert.deepEqual(findings('defaults f!\nbackend b from f!'), [
    "ALERT parsing [t.cfg:2] : character '!' is not permitted in defaults section name 'f!' when designated by its name (section found at t.cfg:1).",
  ]);
  assert.deepEqual(findings('foo\nbar'), ["ALERT parsing [t.cfg:1]: unknown keyword 'foo' out of section."]);
  assert.deepEqual(findings('global x'), ["ALERT parsing [t.cfg:1] : 'global' cannot handle unexpected argument 'x'."]);
});

test('proxies of one name may not overlap; a frontend and a backend may share it', () => {
  assert.deepEqual(findings('frontend f\n bind :1\n timeout client 1\nbackend f'), []);
  assert.deepEqual(findings('frontend f\n bind :1\n timeout client 1\nlisten f\n bind :2\nbackend f\nbackend f'), [
    "ALERT Parsing [t.cfg:4]: proxy 'f' has the same name as frontend 'f' declared at t.cfg:1.",
    "ALERT Parsing [t.cfg:7]: backend 'f' has the same name as backend 'f' declared at t.cfg:6.",
  ]);
});

test('one defaults section used by name and by position is a warning', () => {
  const lines = findings('defaults d\n timeout client 1\nfrontend f\n bind :1\nfrontend g from d\n bind :2');
  assert.equal(lines.length, 1);
  assert.match(
    lines[0],
    /^WARNING parsing \[t\.cfg:5\] : defaults section 'd' \(declared at t\.cfg:1\) is explicitly referenced by another proxy/,
  );
});

test("rules of a named defaults section come before the proxy's own, and its ACLs stay its own", () => {
  const { proxies } = valid(
    'defaults d\n timeout client 1\n mode http\n acl bad path /bad\n http-request deny if bad\nfrontend f from d\n bind :1\n http-request allow',
  );
  assert.deepEqual(
    proxies[0].rules.httpRequest.map(({ action }) => action.type),
    ['deny', 'allow'],
  );
  assert.deepEqual(proxies[0].acls, []);
  const lines = findings(
    'defaults d\n timeout client 1\n acl a src 1.1.1.1\nfrontend f from d\n bind :1\n use_backend b if a\nbackend b from d',
  );
  assert.deepEqual(lines, [
    "ALERT parsing [t.cfg:6] : error detected while parsing switching rule : no such ACL : 'a'.",
  ]);
});

test('who may not start from a defaults section with rules', () => {
  const defaults = 'defaults d\n timeout client 1\n mode http\n http-request deny\n';
  assert.deepEqual(findings(`${defaults}listen l from d\n bind :1`), [
    'ALERT parsing [t.cfg:5]: a listen section cannot inherit from a defaults section defining TCP/HTTP rules.',
  ]);
  assert.deepEqual(findings(`${defaults}frontend f from d\n bind :1\nbackend b from d`), [
    'ALERT parsing [t.cfg:7]: frontends and backends cannot inherit from the same defaults section if it defines TCP/HTTP rules (defaults section at t.cfg:1).',
  ]);
  assert.deepEqual(findings('defaults d\n tcp-request connection reject\nbackend b from d'), [
    "ALERT parsing [t.cfg:3]: a backend section cannot inherit from a defaults section defining 'tcp-request connection' or 'tcp-request session' rules (defaults section at t.cfg:1).",
  ]);
});

test('a defaults section does not start from one with rules', () => {
  assert.deepEqual(findings('defaults d\n http-request deny\ndefaults e from d'), [
    'ALERT parsing [t.cfg:3]: a defaults section cannot inherit from a defaults section defining TCP/HTTP rules (defaults section at t.cfg:1).',
  ]);
});

test('what defaults sections do not take', () => {
  assert.deepEqual(
    findings('defaults d\n bind :80\n use_backend x if TRUE\n id 5\n description x\n capture request header a len 5'),
    [
      "ALERT parsing [t.cfg:2] : 'bind' not allowed in 'defaults' section.",
      "ALERT parsing [t.cfg:3] : 'use_backend' not allowed in 'defaults' section.",
      "ALERT parsing [t.cfg:4] : 'id' not allowed in 'defaults' section.",
      "ALERT parsing [t.cfg:5] : 'description' not allowed in 'defaults' section.",
      "ALERT parsing [t.cfg:6] : 'capture' not allowed in 'defaults' section.",
    ],
  );
  assert.deepEqual(findings('defaults\n acl a src 1.1.1.1\n http-request deny'), [
    "ALERT parsing [t.cfg:2] : 'acl' not allowed in anonymous 'defaults' section.",
    "ALERT parsing [t.cfg:3] : 'http-request' not allowed in anonymous 'defaults' section.",
  ]);
});

test('ids are given in order from 2 and pass over those that are taken', () => {
  const { proxies } = valid('backend a\nbackend b\n id 3\nbackend c\nbackend d\n id 2\nbackend e');
  assert.deepEqual(
    proxies.map(({ id, idExplicit }) => [id, idExplicit]),
    [
      [4, false],
      [3, true],
      [6, false],
      [2, true],
      [8, false],
    ],
  );
  assert.deepEqual(findings('backend a\n id 5\nbackend b\n id 5'), [
    'ALERT parsing [t.cfg:4]: backend b reuses same custom id as backend a (declared at t.cfg:1).',
  ]);
});

test('sections that are not available are one error each, and what they hold is not judged', () => {
  assert.deepEqual(findings('peers p\n peer x 1.1.1.1:1\n nonsense\ncache c\n total-max-size 4'), [
    "ALERT parsing [t.cfg:1] : section 'peers' is not supported by this version: stick tables and their peers come together.",
    "ALERT parsing [t.cfg:4] : section 'cache' is not supported by this version.",
  ]);
});

test('proxies and servers are numbered in order; one with an id of its own takes its place in the count all the same', () => {
  const { proxies } = valid(
    'frontend f\n bind :1\nbackend a\n id 77\n server s1 :1\n server s2 :1 id 99\n server s3 :1\n server s4 :1 id 5\n server s5 :1\nbackend b\nbackend c\n id 6\nbackend d',
  );
  assert.deepEqual(
    proxies.map(({ id }) => id),
    [2, 77, 4, 6, 7],
  );
  assert.deepEqual(
    proxies[1].servers.map(({ id }) => id),
    [1, 99, 3, 5, 6],
  );
});
