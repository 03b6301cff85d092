import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Action, Reply } from '../model.ts';
import { proxyFindings, proxyOf, read } from '../testing.ts';
import { ACTIONS } from './actions.ts';
import type { RulePhase } from '../expression-scope.ts';

const files = {
  '503.http': 'HTTP/1.0 503 Gone Away\r\nX-A: b\r\nContent-Length: 2\r\n\r\nhi',
  'short.http': 'HTTP/1.0 503 Gone\r\nContent-Length: 9\r\n\r\nhi',
  'chunked.http': 'HTTP/1.0 503 Gone\r\nTransfer-Encoding: chunked\r\n\r\n',
  'page.html': '<p>',
  empty: '',
  big: 'x'.repeat(16385),
};

function actionOf(line: string): Action {
  return proxyOf('frontend f', ['bind :1', line], { files }).rules.httpRequest[0].action;
}

function replyOf(line: string): Reply {
  const action = actionOf(`http-request ${line}`);
  assert.ok(action.type === 'deny' || action.type === 'tarpit' || action.type === 'return');
  return action.reply;
}

function faults(line: string): readonly string[] {
  return proxyFindings('frontend f', ['bind :1', line], { files }).map((text) =>
    text.replace(/^(\w+) .* rule : /, '$1 ').replace(/^(\w+) parsing \[t.cfg:8\] : /, '$1 '),
  );
}

test('replies and their defaults (manual 4.2, "http-request return")', () => {
  assert.deepEqual(replyOf('deny'), { status: 403, contentType: undefined, headers: [], body: { kind: 'default' } });
  assert.equal(replyOf('deny deny_status 429').status, 429);
  assert.deepEqual(replyOf('deny deny_status 429 if TRUE').body, { kind: 'default' });
  assert.deepEqual(replyOf('deny status 499'), {
    status: 499,
    contentType: undefined,
    headers: [],
    body: { kind: 'string', content: '' },
  });
  assert.deepEqual(replyOf('tarpit status 403 if TRUE').body, { kind: 'string', content: '' });
  assert.equal(replyOf('tarpit').status, 500);
  assert.deepEqual(replyOf('return'), {
    status: 200,
    contentType: undefined,
    headers: [],
    body: { kind: 'string', content: '' },
  });
  assert.deepEqual(replyOf('deny hdr X-A b').body, { kind: 'string', content: '' });
  assert.deepEqual(replyOf('return status 404 default-errorfiles').body, { kind: 'errorfiles', section: undefined });
  assert.deepEqual(replyOf('return errorfile 503.http').body, { kind: 'errorfile', content: files['503.http'] });
  assert.deepEqual(replyOf('return content-type t/h file page.html').body, { kind: 'file', content: '<p>' });
  assert.deepEqual(replyOf('return content-type t/h string "a %ci"').body, { kind: 'string', content: 'a %ci' });
  const formatted = replyOf('return string x content-type a/b status 202 hdr A %ci hdr B c');
  assert.deepEqual(
    [formatted.status, formatted.contentType, formatted.headers.map((header) => header.name)],
    [202, 'a/b', ['a', 'b']],
  );
});

test('http-response deny answers 502', () => {
  const { action } = proxyOf('frontend f', ['bind :1', 'http-response deny']).rules.httpResponse[0];
  assert.ok(action.type === 'deny');
  assert.equal(action.reply.status, 502);
});

test('faults of replies in HAProxy’s words', () => {
  const table: Record<string, string> = {
    'http-request return status 199': "ALERT Unexpected status code '199'.",
    'http-request return string x': 'ALERT a content type must be defined when non-empty payload is configured.',
    'http-request return content-type a/b string': "ALERT 'string' expects <str> as argument.",
    'http-request return errorfile short.http':
      "ALERT 'short.http': payload size does not match the announced content-length (2 != 9).",
    'http-request return errorfile chunked.http':
      "ALERT 'chunked.http': transfer-encoding is not allowed in an error file.",
    'http-request return file empty content-type a/b':
      "WARNING content-type 'a/b' ignored by the http reply when used with an empty payload.",
    'http-request return file big content-type a/b': "ALERT file 'big' exceeds the buffer size (16385 > 16384).",
    'http-request deny status 302 errorfiles x':
      "ALERT status code '302' not handled by default with 'errorfiles' argument..",
  };
  for (const [line, finding] of Object.entries(table)) assert.deepEqual(faults(line).slice(0, 1), [finding], line);
});

test('header rules keep names in lower case, patterns of expressions as they are', () => {
  assert.deepEqual(actionOf('http-request del-header X-Foo- -m beg'), {
    type: 'del-header',
    name: 'x-foo-',
    match: 'beg',
  });
  assert.deepEqual(actionOf('http-request del-header ^X -m reg'), { type: 'del-header', name: '^X', match: 'reg' });
  const set = actionOf('http-request set-header X-Foo "a  b"');
  assert.ok(set.type === 'set-header' && set.name === 'x-foo' && set.value.text === 'a  b');
});

test('every action that works has a reader, in its phase', () => {
  const examples: Record<string, string> = {
    accept: '',
    reject: '',
    allow: '',
    deny: '',
    tarpit: '',
    return: '',
    'set-header': 'a b',
    'add-header': 'a b',
    'del-header': 'a',
    'disable-l7-retry': '',
    capture: 'src len 10',
    'set-log-level': 'silent',
    'set-priority-class': 'int(1)',
    'set-priority-offset': 'int(1),add(2) ,mul(3)',
  };
  for (const [phase, actions] of Object.entries(ACTIONS) as [RulePhase, (typeof ACTIONS)[RulePhase]][]) {
    const section = phase.startsWith('tcp-response') ? 'backend b' : 'frontend f';
    for (const action of actions.values()) {
      if (action.state !== 'works') continue;
      assert.ok(action.name in examples, `${phase} ${action.name} needs an example`);
      const words = action.name === 'capture' && phase.endsWith('response') ? 'src id 0' : examples[action.name];
      const findings = proxyFindings(section, [
        ...(section === 'frontend f' ? ['bind :1', 'declare capture response len 9'] : ['server s 127.0.0.1:1']),
        `${phase} ${action.name} ${words}`,
      ]);
      assert.deepEqual(findings, [], `${phase} ${action.name}`);
    }
  }
});

test('actions in parentheses and numbered ones are known by their stem', () => {
  for (const line of [
    'http-request set-var(txn.a) src',
    'http-request sc-inc-gpc0(0)',
    'tcp-request connection track-sc2 src',
    'http-request add-acl(x) src',
  ]) {
    assert.match(faults(line)[0], /is not supported by this version/, line);
  }
  assert.match(faults('http-request set-vars x')[0], /but got 'set-vars'/);
});

test('any words after a phase end as findings, never as an exception', () => {
  const word = fc.oneof(
    fc.constantFrom(
      'deny',
      'return',
      'tarpit',
      'allow',
      'set-header',
      'del-header',
      'status',
      'deny_status',
      '200',
      '404',
      '418',
      'content-type',
      'a/b',
      'string',
      'lf-string',
      'file',
      'page.html',
      'errorfile',
      '503.http',
      'errorfiles',
      'default-errorfiles',
      'hdr',
      'x',
      '%ci',
      '-m',
      'reg',
      'if',
      'unless',
      'TRUE',
      '{',
      '}',
      'reject',
      'accept',
    ),
    fc.string({ unit: fc.constantFrom(...Array.from('ab(%{[')), minLength: 1, maxLength: 4 }),
  );
  const phase = fc.constantFrom(
    'http-request',
    'http-response',
    'http-after-response',
    'tcp-request connection',
    'tcp-request session',
    'tcp-request content',
  );
  fc.assert(
    fc.property(phase, fc.array(word, { maxLength: 9 }), (name, words) => {
      const { config, errors } = read(`defaults\n mode http\nfrontend f\n bind :1\n ${name} ${words.join(' ')}\n`, {
        files,
      });
      assert.equal(config === undefined, errors > 0);
    }),
    { numRuns: 1500 },
  );
});
