// Values that come out of a journal are judged as the commands judge them (management manual, section 9.3).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf } from '../test-daemon.ts';
import { GLOBAL, serverObject, type ChangedObject, type ObjectKind } from './change.ts';
import { ConfigIndex } from './config-index.ts';
import { fileValue, valueFault } from './fields.ts';

const index = new ConfigIndex(
  configOf(`defaults
  mode tcp
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend front
  bind unix@/nowhere/front.sock
  default_backend web
backend web
  server s1 127.0.0.1:9 weight 10
  server s2 unix@/nowhere/server.sock
backend still
  balance static-rr
  server s1 127.0.0.1:9 weight 10
`),
);

const S1 = serverObject('web', 's1');
const FRONTEND: ChangedObject = { kind: 'frontend', name: 'front' };

const RULES: readonly (readonly [ChangedObject, string, readonly string[], readonly string[]])[] = [
  [S1, 'weight', ['0', '256'], ['257', '9999', '-1', '1.5', '1e2', '', 'ten', '0x10', ' 5']],
  [serverObject('still', 's1'), 'weight', ['0', '10'], ['9', '256']],
  [S1, 'state', ['ready', 'drain', 'maint'], ['up', 'READY', '', 'constructor']],
  [S1, 'maxconn', ['0', '2147483646'], ['-1', '2147483647', '99999999999999999999', 'NaN']],
  [S1, 'agent', ['enabled', 'disabled'], ['up', '']],
  [S1, 'agent-addr', ['10.0.0.1', '::1', 'agent.example'], ['', 'two words', 'a\nb', '/etc/passwd']],
  [S1, 'agent-port', ['1', '65535', ''], ['65536', '-1', 'http']],
  [S1, 'agent-send', ['', 'hello\n', '\u00ff'], ['\u0100']],
  [S1, 'check', ['enabled', 'disabled'], ['off']],
  [S1, 'check-addr', ['10.0.0.1', '::1'], ['example.com', '300.0.0.1', '*', '']],
  [S1, 'check-port', ['1', '65535', ''], ['0', '65536', '80x']],
  [
    S1,
    'addr',
    ['10.0.0.1', '10.0.0.1:80', '[2001:db8::1]:80', '10.0.0.1:+1000', '10.0.0.1:-10', '10.0.0.1:+0'],
    ['', 'example.com:80', '*:80', '10.0.0.1:0', '10.0.0.1:65536', '10.0.0.1:80-90', 'unix@/tmp/s', '999.1.1.1:80'],
  ],
  [serverObject('web', 's2'), 'addr', [], ['10.0.0.1:80']],
  [S1, 'fqdn', ['example.com', '_http._tcp.example.com'], ['', 'a b', 'x'.repeat(254), 'a/b']],
  [FRONTEND, 'maxconn', ['0', '100', ''], ['-1', '2147483647', 'many']],
  [FRONTEND, 'state', ['enabled', 'disabled'], ['shut', '']],
  [GLOBAL, 'maxconn', ['1', '100', ''], ['-5', '3000000000']],
  [GLOBAL, 'maxconnrate', ['0', '5'], ['-5', 'x']],
  [GLOBAL, 'maxsessrate', ['0', '5'], ['-5', 'x']],
];

for (const [object, field, good, bad] of RULES) {
  test(`${object.kind} ${object.name} ${field}: what may be, and what may not`, () => {
    assert.equal(fileValue(index, object, field).type, 'value');
    for (const value of good) assert.equal(valueFault(index, object, field, value), undefined, JSON.stringify(value));
    for (const value of bad) assert.notEqual(valueFault(index, object, field, value), undefined, JSON.stringify(value));
  });
}

test('objects, fields and kinds that are not known are nobody’s fault', () => {
  const strangers: readonly (readonly [ChangedObject, string])[] = [
    [S1, 'colour'],
    [serverObject('web', 's9'), 'weight'],
    [{ kind: 'frontend', name: 'nobody' }, 'maxconn'],
    [{ kind: 'backend', name: 'web' }, 'colour'],
    [{ kind: 'peer' as ObjectKind, name: 'p' }, 'weight'],
  ];
  for (const [object, field] of strangers) {
    assert.equal(valueFault(index, object, field, '9999'), undefined);
    assert.notEqual(fileValue(index, object, field).type, 'value');
  }
});
