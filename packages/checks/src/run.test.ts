// One check without I/O: time-outs by phase, lateness of our own loop, socket errors, and the HTTP conversation with its
// answers whole, split at every byte, and cut at every byte. Findings as observed on HAProxy 2.6.12.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Conversation, Protocol } from './conversation.ts';
import { tcpProtocol } from './protocols/tcp.ts';
import { BUSY_MS, CheckRun, type RunEffect, type RunInput, type RunLimits } from './run.ts';
import { rulesOf, subjectOf } from './testing.ts';

const subject = subjectOf();
const limits = { connectMs: 1000, readMs: undefined };
const http = rulesOf(['option httpchk']);
const data = (text: string): RunInput => ({ type: 'data', bytes: Buffer.from(text, 'latin1') });

function resultOf(effects: readonly RunEffect[]): string | undefined {
  for (const effect of effects) {
    if (effect.type === 'result') {
      const { status, code, info, durationMs } = effect.result;
      return `${status} ${code} "${info}" ${durationMs}`;
    }
    if (effect.type === 'void') return 'void';
  }
  return undefined;
}

/** A run whose connect call has been made. */
function started(protocol: Protocol, limitsMs: RunLimits = limits, now = 0): CheckRun {
  const run = new CheckRun(protocol, subject, limitsMs, now);
  assert.equal(run.start(now)[0]?.type, 'connect');
  return run;
}

/** What a server that sends this and then closes is found to be. */
function judge(...chunks: string[]): string | undefined {
  const run = started(http);
  run.handle(0, { type: 'connected' });
  for (const chunk of chunks) {
    const result = resultOf(run.handle(0, data(chunk)));
    if (result !== undefined) return result.replace(/ 0$/, '');
  }
  return resultOf(run.handle(0, { type: 'end' }))?.replace(/ 0$/, '');
}

test('a TCP check passes with the connection and resets it', () => {
  const run = started(tcpProtocol, limits, 100);
  const effects = run.handle(107.4, { type: 'connected' });
  assert.deepEqual(effects[0], { type: 'close', how: 'reset' });
  assert.equal(resultOf(effects), 'L4OK -1 "" 7');
  assert.equal(run.nextTimeout(), undefined);
  assert.deepEqual(run.handle(108, { type: 'end' }), []);
});

test('without timeout check, inter bounds connect and answer together (manual "timeout check")', () => {
  const run = started(http);
  assert.equal(run.nextTimeout(), 1000);
  run.handle(900, { type: 'connected' });
  assert.equal(run.nextTimeout(), 1000);
  assert.equal(resultOf(run.handleTimeout(1001)), 'L7TOUT -1 "" 1001');
});

test('with timeout check the answer has a time of its own', () => {
  const run = started(http, { connectMs: 300, readMs: 5000 });
  assert.equal(run.nextTimeout(), 300);
  run.handle(250, { type: 'connected' });
  assert.equal(run.nextTimeout(), 5250);
  assert.deepEqual(run.handleTimeout(300), []);
});

test('no connection in time is a layer 4 time-out', () => {
  assert.equal(resultOf(started(http).handleTimeout(1000)), 'L4TOUT -1 "" 1000');
});

test('a time-out seen late by our own fault first lets the answer be read', () => {
  const run = started(http);
  run.handle(10, { type: 'connected' });
  assert.deepEqual(run.handleTimeout(1400), []);
  assert.equal(run.nextTimeout(), 1800);
  assert.equal(resultOf(run.handle(1401, data('HTTP/1.0 200 OK\r\n\r\n'))), 'L7OK 200 "" 1401');
});

test('a loop that is a little late all the time does not hide that a server is silent', () => {
  const run = started(http);
  run.handle(10, { type: 'connected' });
  assert.deepEqual(run.handleTimeout(1000 + BUSY_MS), []);
  assert.equal(run.nextTimeout(), 1000 + 2 * BUSY_MS);
  assert.equal(resultOf(run.handleTimeout(1000 + 3 * BUSY_MS)), `L7TOUT -1 "" ${1000 + 3 * BUSY_MS}`);
});

test('a server that is still silent after that has failed, however late the loop is again', () => {
  for (const again of [1800, 1850, 5000]) {
    const run = started(http);
    run.handle(10, { type: 'connected' });
    run.handleTimeout(1400);
    assert.equal(resultOf(run.handleTimeout(again)), `L7TOUT -1 "" ${again}`);
  }
});

test('each phase is given time once where the loop was late', () => {
  const run = started(http, { connectMs: 300, readMs: 500 });
  assert.deepEqual(run.handleTimeout(320), []);
  run.handle(330, { type: 'connected' });
  assert.deepEqual(run.handleTimeout(850), []);
  assert.equal(run.nextTimeout(), 870);
  assert.equal(resultOf(run.handle(851, data('HTTP/1.0 200 OK\r\n\r\n'))), 'L7OK 200 "" 851');
});

test('errors by phase', () => {
  const connecting = (code: string): string | undefined => resultOf(started(http).handle(3, { type: 'error', code }));
  assert.equal(connecting('ECONNREFUSED'), 'L4CON -1 "Connection refused" 3');
  assert.equal(connecting('EHOSTUNREACH'), 'L4CON -1 "No route to host" 3');
  assert.equal(connecting('ENOENT'), 'SOCKERR -1 "General socket error (No such file or directory)" 3');
  assert.equal(connecting('ETIMEDOUT'), 'L4TOUT -1 "" 3');
  assert.equal(connecting('ECONNRESET'), 'SOCKERR -1 "Connection reset by peer" 3');
  for (const code of ['EMFILE', 'EADDRNOTAVAIL']) assert.equal(connecting(code), 'void', 'it is our own fault');
  const run = started(http);
  run.handle(1, { type: 'connected' });
  assert.equal(
    resultOf(run.handle(2, { type: 'error', code: 'ECONNRESET' })),
    'SOCKERR -1 "Connection reset by peer" 2',
  );
});

/** The first thing that a backend with these lines sends. */
function requestOf(...lines: string[]): string {
  const [effect] = started(rulesOf(lines)).handle(0, { type: 'connected' });
  assert.ok(effect?.type === 'send');
  return effect.bytes.toString('latin1');
}

test('the request of option httpchk, in its forms (as HAProxy 2.6 sends them)', () => {
  assert.equal(requestOf('option httpchk'), 'OPTIONS / HTTP/1.0\r\n\r\n');
  assert.equal(requestOf('option httpchk /test'), 'OPTIONS /test HTTP/1.0\r\n\r\n');
  assert.equal(requestOf('option httpchk GET /test'), 'GET /test HTTP/1.0\r\n\r\n');
  assert.equal(requestOf('option httpchk GET /test HTTP/1.1'), 'GET /test HTTP/1.1\r\nconnection: close\r\n\r\n');
  assert.equal(
    requestOf('option httpchk GET /test HTTP/1.1\\r\\nHost:\\ www.example.com'),
    'GET /test HTTP/1.1\r\nhost: www.example.com\r\nconnection: close\r\n\r\n',
  );
  assert.equal(
    requestOf('option httpchk GET /test HTTP/1.0\\r\\nA:\\ b\\r\\nC:\\ d'),
    'GET /test HTTP/1.0\r\na: b\r\nc: d\r\n\r\n',
  );
  assert.equal(
    requestOf('option httpchk POST /test HTTP/1.1\\r\\nHost:\\ www\\r\\n\\r\\nbody'),
    'POST /test HTTP/1.1\r\nhost: www\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbody',
  );
});

const ANSWERS: readonly (readonly [answer: string, finding: string])[] = [
  ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', 'L7OK 200 ""'],
  ['HTTP/1.1 301 Some Reason\r\n\r\n', 'L7OK 301 ""'],
  ['HTTP/1.0 200\r\n\r\n', 'L7OK 200 ""'],
  ['HTTP/2.0 200 OK\r\n\r\n', 'L7OK 200 ""'],
  ['HTTP/1.0 404 Some Reason\r\n\r\n', 'L7STS 404 "Some Reason"'],
  ['HTTP/1.0 500 Some Reason\r\nA: b\r\n\r\n', 'L7STS 500 "Some Reason"'],
  ['HTTP/1.1 100 Continue\r\n\r\n', 'L7STS 100 "Continue"'],
  ['hello world\r\n\r\n', 'L7RSP -1 ""'],
  ['HTTP/1.0 200 OK\r\nbad header\r\n\r\n', 'L7RSP -1 ""'],
  ['HTTP/1.0 200 OK\r\n', 'L7RSP -1 ""'],
  ['HTTP/1.', 'L7RSP -1 ""'],
  ['', 'L7RSP -1 ""'],
  [`HTTP/1.0 200 OK\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 'L7RSP -1 ""'],
];

for (const [answer, finding] of ANSWERS) {
  test(`${JSON.stringify(answer.slice(0, 40))} is ${finding}, whole, byte by byte and with bytes behind it`, () => {
    assert.equal(judge(answer), finding);
    assert.equal(judge(...Array.from(answer)), finding);
    if (answer.endsWith('\r\n\r\n')) assert.equal(judge(`${answer}body\r\n\r\n`), finding);
  });
}

test('an answer that is cut before its head ends is invalid at every byte', () => {
  const answer = 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n';
  for (let at = 0; at < answer.length; at++) assert.equal(judge(answer.slice(0, at)), 'L7RSP -1 ""', `cut at ${at}`);
});

test('where the verdict stands already, a time-out or an error while parting changes nothing', () => {
  const parting: Conversation = {
    timeoutStatus: 'L7TOUT',
    settled: { type: 'found', status: 'L7OK', code: 0, info: 'good' },
    handle: () => [],
  };
  const begin = (): CheckRun => {
    const run = new CheckRun({ closesByReset: false, begin: () => parting }, subject, limits, 0);
    run.start(0);
    run.handle(1, { type: 'connected' });
    return run;
  };
  assert.equal(resultOf(begin().handleTimeout(1001)), 'L7OK 0 "good" 1001');
  assert.equal(resultOf(begin().handle(5, { type: 'error', code: 'ECONNRESET' })), 'L7OK 0 "good" 5');
});

test('each connection of a check has the whole time (as on HAProxy)', () => {
  const twice = rulesOf([
    'option tcp-check',
    'tcp-check connect',
    'tcp-check expect string a',
    'tcp-check connect',
    'tcp-check expect string b',
  ]);
  const run = started(twice);
  run.handle(10, { type: 'connected' });
  assert.equal(run.nextTimeout(), 1000);
  run.handle(700, data('a'));
  assert.equal(run.nextTimeout(), 1700);
  run.handle(710, { type: 'connected' });
  assert.equal(resultOf(run.handleTimeout(1701)), `L7TOUT -1 " at step 4 of tcp-check (expect string 'b')" 1701`);
});
