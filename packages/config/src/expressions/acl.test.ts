import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Acl, AclTest } from '../expression-model.ts';
import { proxyFindings, proxyOf, read } from '../testing.ts';
import { ACL_KEYWORDS, PREDEFINED_ACLS } from './acl-keywords.ts';
import { FETCHES } from './fetches.ts';

const files = { 'a.lst': '/a\n# no\n\n \t/b c \n', 'n.map': '10.0.0.0/8 x\n' };

function aclOf(...lines: string[]): Acl {
  const proxy = proxyOf('frontend f', ['bind :1', ...lines.map((line) => `acl a ${line}`)], { files });
  assert.equal(proxy.acls.length, 1);
  return proxy.acls[0];
}

function only(line: string): AclTest {
  const { tests } = aclOf(line);
  assert.equal(tests.length, 1);
  return tests[0];
}

test('criteria by suffix, by -m and by type (manual section 7.1)', () => {
  const method = (line: string): string => `${only(line).expression.fetch.name} ${only(line).method}`;
  assert.equal(method('path_beg /'), 'path beg');
  assert.equal(method('hdr_dom(host) x'), 'req.hdr dom');
  assert.equal(method('hdr(host) x'), 'req.hdr str');
  assert.equal(method('hdr_beg(host) -m sub x'), 'req.hdr sub');
  assert.equal(method('src 10.0.0.1'), 'src ip');
  assert.equal(method('dst_port 80'), 'dst_port int');
  assert.equal(method('ssl_fc'), 'ssl_fc bool');
  assert.equal(method('path_beg,lower /'), 'path str');
  assert.equal(method('path,length 5'), 'path int');
  assert.equal(method('req_ver 1.1'), 'req.ver str');
  assert.equal(method('path -m found'), 'path found');
});

test('patterns as the model keeps them', () => {
  assert.deepEqual(only('dst_port 80 8000:8080 :5 9: 1-3').patterns, ['80:80', '8000:8080', ':5', '9:', '1:3']);
  assert.deepEqual(only('dst_port gt 5 6 le 3 eq 7 lt 1:2').patterns, ['6:', '7:', ':3', '7:7', '1:2']);
  assert.deepEqual(only('src 10.1 192.168.0.0/16 ::1/64').patterns, ['10.0.0.1', '192.168.0.0/16', '::1/64']);
  assert.deepEqual(only('path -m bin 41ff').patterns, ['A\xff']);
  assert.deepEqual(only('path -- -i -m').patterns, ['-i', '-m']);
  assert.deepEqual(only('path -m found x y').patterns, []);
  assert.deepEqual(only('path -f a.lst /c').patterns, ['/a', '/b c ', '/c']);
  assert.deepEqual(only('src -M -f n.map').patterns, ['10.0.0.0/8']);
});

test('flags', () => {
  assert.equal(only('path -i /a').ignoreCase, true);
  assert.equal(only('path -u 7 /a').uniqueId, 7);
  assert.deepEqual(only('path -f a.lst').files, ['a.lst']);
  assert.equal(only('method GET').methodNames, true);
  assert.equal(only('method -m str GET').methodNames, undefined);
  const split = aclOf('path -f a.lst -i -f a.lst /x').tests;
  assert.deepEqual(
    split.map((one) => [one.ignoreCase, one.patterns.length, one.files.length]),
    [
      [false, 2, 1],
      [true, 3, 1],
    ],
  );
});

test('lines of one name add up, and rules before them hold the same ACL', () => {
  const proxy = proxyOf('frontend f', ['bind :1', 'acl a path /x', 'http-request deny if a', 'acl a path /y']);
  const [leaf] = proxy.rules.httpRequest[0].condition!.terms[0];
  assert.ok(leaf.kind === 'acl');
  assert.equal(leaf.acl.tests.length, 2);
});

test('predefined ACLs of manual section 7.4 are known by name', () => {
  for (const name of PREDEFINED_ACLS.keys()) {
    const findings = proxyFindings('frontend f', ['bind :1', `http-request deny if ${name}`]);
    const works = name !== 'REQ_CONTENT';
    assert.equal(
      findings.filter((line) => line.startsWith('ALERT')).length,
      works ? 0 : 1,
      `${name}: ${findings.join(' | ')}`,
    );
  }
});

test('every ACL keyword names a declared fetch', () => {
  for (const keyword of ACL_KEYWORDS.values()) assert.ok(FETCHES.has(keyword.fetch), keyword.name);
});

test('a declaration hides the predefined one of its name', () => {
  const proxy = proxyOf('frontend f', ['bind :1', 'acl TRUE path /x', 'http-request deny if TRUE']);
  const [leaf] = proxy.rules.httpRequest[0].condition!.terms[0];
  assert.ok(leaf.kind === 'acl' && leaf.acl.tests[0].expression.fetch.name === 'path');
});

test('anonymous tests, and the text of a condition', () => {
  const proxy = proxyOf('frontend f', ['bind :1', 'http-request deny if { path /x -m } !{ src 10.0.0.1 } || METH_GET']);
  const { condition } = proxy.rules.httpRequest[0];
  assert.equal(condition?.text, '{ path /x -m } !{ src 10.0.0.1 } || METH_GET');
  assert.deepEqual(
    condition?.terms.map((term) => term.map((leaf) => [leaf.kind, leaf.negate])),
    [
      [
        ['anonymous', false],
        ['anonymous', true],
      ],
      [['acl', false]],
    ],
  );
});

test('any words after acl and if end as findings, never as an exception', () => {
  const word = fc.oneof(
    fc.constantFrom(
      'path',
      'hdr(host)',
      'src',
      'dst_port',
      '-i',
      '-m',
      '-f',
      'a.lst',
      '-u',
      '-n',
      '-M',
      '--',
      'beg',
      'reg',
      '{',
      '}',
      '||',
      'or',
      '!',
      '!a',
      'TRUE',
      'gt',
      '5',
      '1:',
      '10.0.0.0/8',
      'int(5)',
      'a',
    ),
    fc.string({ unit: fc.constantFrom(...Array.from('ab(),.:-!{}|[]*')), minLength: 1, maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), fc.array(word, { maxLength: 8 }), (acl, condition) => {
      const text = `defaults\n mode http\nfrontend f\n bind :1\n acl ${acl.join(' ')}\n http-request deny if ${condition.join(' ')}\n`;
      const { config, errors } = read(text, { files });
      assert.equal(config === undefined, errors > 0);
    }),
    { numRuns: 1000 },
  );
});
