// Rules over answers that come whole, byte by byte, in any pieces, cut at every byte, or without end: the same finding each
// time, and never more kept than the buffer holds. Which findings those are is compared with HAProxy in test/system.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Conversation, ConversationEffect, Protocol } from '../conversation.ts';
import { rulesOf, subjectOf } from '../testing.ts';

function foundIn(effects: readonly ConversationEffect[]): string | undefined {
  for (const effect of effects)
    if (effect.type === 'found') return `${effect.status} ${effect.code} ${JSON.stringify(effect.info)}`;
  return undefined;
}

/** Begins and connects. */
function connected(protocol: Protocol): { readonly conversation: Conversation; readonly found: string | undefined } {
  const conversation = protocol.begin(subjectOf());
  assert.equal(conversation.start?.()[0]?.type, 'connect');
  return { conversation, found: foundIn(conversation.handle({ type: 'connected' })) };
}

/** What a server is found to be that sends these pieces and closes. */
function finding(protocol: Protocol, pieces: readonly Buffer[]): string | undefined {
  const { conversation, found } = connected(protocol);
  if (found !== undefined) return found;
  for (const bytes of pieces) {
    const now = foundIn(conversation.handle({ type: 'data', bytes }));
    if (now !== undefined) return now;
  }
  return foundIn(conversation.handle({ type: 'end' }));
}

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');
const singly = (text: string): Buffer[] => Array.from(text, bytesOf);

const BODY = 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX-List: one, two\r\n\r\nhello world';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n';

const CASES: readonly (readonly [rules: readonly string[], answer: string, finding: string])[] = [
  [['option tcp-check', 'tcp-check expect string llo'], 'hello', 'L7OK 0 "(tcp-check)"'],
  [
    ['option tcp-check', 'tcp-check expect string help'],
    'hello',
    'L7RSP -1 "TCPCHK did not match content \'help\' at step 1"',
  ],
  [['option tcp-check', 'tcp-check expect rstring ^h.*o$'], 'hello', 'L7OK 0 "(tcp-check)"'],
  [['option tcp-check', 'tcp-check expect binary 00ff'], 'a\0\xffb', 'L7OK 0 "(tcp-check)"'],
  [['option tcp-check', 'tcp-check expect rbinary ^6100FF62$'], 'a\0\xffb', 'L7OK 0 "(tcp-check)"'],
  [['option tcp-check', 'tcp-check expect ! string help'], 'hello', 'L7OK 0 "(tcp-check)"'],
  [
    ['option tcp-check', 'tcp-check expect ! string ell'],
    'hello',
    'L7RSP -1 "TCPCHK matched unwanted content \'ell\' at step 1"',
  ],
  [['option tcp-check', 'tcp-check expect min-recv 5 rstring ^hello$'], 'hello', 'L7OK 0 "(tcp-check)"'],
  [
    ['option tcp-check', 'tcp-check expect string he', 'tcp-check expect string hello'],
    'hello',
    'L7OK 0 "(tcp-check)"',
  ],
  [['option tcp-check', 'tcp-check expect string x'], '', 'L7RSP -1 "TCPCHK got an empty response at step 1"'],
  [['option httpchk'], BODY, 'L7OK 200 ""'],
  [['option httpchk', 'http-check expect string hello\\ world'], BODY, 'L7OK 200 ""'],
  [['option httpchk', 'http-check expect string hello\\ world'], CHUNKED, 'L7OK 200 ""'],
  [['option httpchk', 'http-check expect string nothing'], BODY, 'L7RSP -1 "HTTP content check did not match"'],
  [['option httpchk', 'http-check expect ! string nothing'], CHUNKED, 'L7OK 200 ""'],
  [['option httpchk', 'http-check expect hdr name x-list value two'], BODY, 'L7OK 200 ""'],
  [['option httpchk', 'http-check expect rstatus ^3'], BODY, 'L7STS 200 "OK"'],
  [['option httpchk', 'http-check expect string tail'], 'HTTP/1.0 200 OK\r\n\r\nhead and tail', 'L7OK 200 ""'],
  [['option httpchk'], 'SSH-2.0-OpenSSH_9.2\r\n', 'L7RSP -1 ""'],
  [['option httpchk'], '\r\n\r\nHTTP/1.1 503 No\r\n\r\n', 'L7STS 503 "No"'],
];

for (const [rules, answer, expected] of CASES) {
  test(`${rules.slice(1).join(' | ') || rules[0]}, ${JSON.stringify(answer.slice(0, 30))}: ${expected}`, () => {
    const protocol = rulesOf(rules);
    assert.equal(finding(protocol, [bytesOf(answer)]), expected, 'whole');
    assert.equal(finding(protocol, singly(answer)), expected, 'byte by byte');
    fc.assert(
      fc.property(fc.array(fc.nat(answer.length), { maxLength: 6 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), answer.length];
        const pieces = places.slice(1).map((end, index) => bytesOf(answer.slice(places[index], end)));
        assert.equal(finding(protocol, pieces), expected);
      }),
      { numRuns: 50 },
    );
  });
}

test('a server that closes at any byte of a response with a body has a reason each time', () => {
  const protocol = rulesOf(['option httpchk', 'http-check expect string hello\\ world']);
  const head = BODY.indexOf('\r\n\r\n') + 4;
  for (let at = 0; at < BODY.length; at++) {
    const expected =
      at < head
        ? 'L7RSP -1 ""'
        : at === head
          ? 'L7RSP -1 "HTTP content check could not find a response body"'
          : 'L7RSP -1 "HTTP content check did not match"';
    assert.equal(finding(protocol, [bytesOf(BODY.slice(0, at))]), expected, `closed after ${at} bytes`);
  }
});

/** Feeds pieces until there is a finding, or so many bytes were given. */
function endless(protocol: Protocol, piece: (nth: number) => string, limitBytes: number): string | undefined {
  const { conversation } = connected(protocol);
  for (let sent = 0, nth = 0; sent < limitBytes; nth++) {
    const bytes = bytesOf(piece(nth));
    sent += bytes.length;
    const found = foundIn(conversation.handle({ type: 'data', bytes }));
    if (found !== undefined) return found;
  }
  return undefined;
}

const BUFFER_BYTES = 16_384;

test('answers without end are judged by what fits in the buffer', () => {
  const limit = BUFFER_BYTES + 100;
  const text = rulesOf(['option tcp-check', 'tcp-check expect string needle']);
  assert.match(
    endless(text, () => 'hay', limit)!,
    /^L7RSP .*did not match content 'needle'/,
  );
  const body = rulesOf(['option httpchk', 'http-check expect string needle']);
  const growing = (nth: number): string => (nth === 0 ? 'HTTP/1.1 200 OK\r\n\r\n' : 'hay');
  assert.equal(endless(body, growing, limit), 'L7RSP -1 "HTTP content check did not match"');
  const huge = (nth: number): string =>
    nth === 0 ? 'HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n' : 'hay'.repeat(500);
  assert.equal(endless(body, huge, limit + 1500), 'L7RSP -1 "HTTP content check did not match"');
});

test('fields without end and a line without end are refused', () => {
  const http = rulesOf(['option httpchk']);
  const fields = (nth: number): string => (nth === 0 ? 'HTTP/1.1 200 OK\r\n' : `X-${nth}: a\r\n`);
  assert.equal(endless(http, fields, BUFFER_BYTES), 'L7RSP -1 ""', 'more than tune.http.maxhdr');
  const line = (nth: number): string => (nth === 0 ? 'HTTP/1.1 200 OK\r\nX: ' : 'a');
  assert.equal(endless(http, line, BUFFER_BYTES + 1), 'L7RSP -1 ""');
});

test('tune.bufsize decides how much of an answer counts', () => {
  const rules = ['option tcp-check', 'tcp-check expect string needle'];
  const answer = `${'x'.repeat(20_000)}needle`;
  assert.match(finding(rulesOf(rules), [bytesOf(answer)])!, /^L7RSP/);
  assert.match(finding(rulesOf(rules, { bufferBytes: 32_768 }), [bytesOf(answer)])!, /^L7OK/);
});

test('any bytes end in a finding or are waited with', () => {
  const protocols = [
    rulesOf(['option httpchk', 'http-check expect string a']),
    rulesOf(['option tcp-check', 'tcp-check expect rstring a.c', 'tcp-check send x', 'tcp-check expect binary 00']),
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...protocols),
      fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }),
      (protocol, pieces) => {
        assert.match(
          finding(
            protocol,
            pieces.map((piece) => Buffer.from(piece)),
          ) ?? '',
          /^L7/,
        );
      },
    ),
    { numRuns: 300 },
  );
});

test('a server that is down stays so when it answers 404 (manual "http-check disable-on-404")', () => {
  const protocol = rulesOf(['option httpchk', 'http-check disable-on-404']);
  const judge = (isUp: boolean): string | undefined => {
    const conversation = protocol.begin(subjectOf({ isUp: () => isUp }));
    conversation.start?.();
    conversation.handle({ type: 'connected' });
    return foundIn(conversation.handle({ type: 'data', bytes: bytesOf('HTTP/1.1 404 Not Found\r\n\r\n') }));
  };
  assert.equal(judge(true), 'L7OKC 404 ""');
  assert.equal(judge(false), 'L7STS 404 "Not Found"');
});

test('variables end with their check; those of the process stay', () => {
  const settings = { processVariables: new Map() };
  const protocol = rulesOf(
    [
      'option tcp-check',
      'tcp-check send-lf "%[var(check.a,none)] %[var(proc.a,none)]"',
      'tcp-check set-var(check.a) str(here)',
      'tcp-check set-var(proc.a) str(there)',
    ],
    settings,
  );
  const sent = (): string => {
    const conversation = protocol.begin(subjectOf());
    conversation.start?.();
    const [effect] = conversation.handle({ type: 'connected' });
    assert.ok(effect.type === 'send');
    return effect.bytes.toString('latin1');
  };
  assert.equal(sent(), 'none none');
  assert.equal(sent(), 'none there');
});

test('a rule may end its connection in order; others end by RST (manual: tcp-check connect linger)', () => {
  const closes = (...rules: string[]): boolean | undefined =>
    connected(rulesOf(['option tcp-check', ...rules, 'tcp-check expect string a'])).conversation.closesByReset;
  assert.equal(closes(), true);
  assert.equal(closes('tcp-check connect'), true);
  assert.equal(closes('tcp-check connect linger'), false);
});
