// The corpus against a running program: HAPROXY_PROGRAM (default `haproxy`), which is started once. Cases run one after the
// other over raw sockets; after each, a marker request makes sure that everything the case caused has been recorded.
//
// DESYNC_REFERENCE says whether the program is the reference, HAProxy itself, whose recorded behaviour is then expected where this
// project is stricter (default: yes when the program is called `haproxy`).
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { basename } from 'node:path';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { defaultAnswer, type DesyncCase, type Outcome } from './case.ts';
import { corpus } from './corpus.ts';
import { assertCanonical, assertForwarded, factsOf } from './facts.ts';
import { startProgram, type Program } from './program.ts';
import { Recorder, sentinelPath } from './recorder.ts';
import { decodeRequests, decodeResponses, type Decoded } from './wire.ts';

const programName = process.env['HAPROXY_PROGRAM'] ?? 'haproxy';
const isReference =
  process.env['DESYNC_REFERENCE'] === undefined
    ? basename(programName) === 'haproxy'
    : process.env['DESYNC_REFERENCE'] === '1';

/** Far above what any case needs (milliseconds), and below the time-outs of the program; only a hanging program gets there. */
const caseLimitMs = 5_000;
/** After so many cases without an end the program is beyond hope, and the rest is not played. */
const hangLimit = 10;
let hangs = 0;
const defaultRequest = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const recorder = new Recorder();
let program: Program;

before(async () => {
  await recorder.listen();
  program = await startProgram(recorder.port);
});

after(async () => {
  recorder.close();
  await program?.stop();
});

/**
 * Sends bytes to a frontend and returns what came back until the other side closed. The own side is half-closed once
 * `mayEnd` holds for what came back so far: a half-close while requests are in flight could change what becomes of them.
 */
function exchange(
  port: number,
  raw: string,
  mayEnd: (got: string) => boolean,
  alsoAwait?: Promise<void>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = '';
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(
      () => fail(new Error(`no end after ${caseLimitMs} ms; got ${JSON.stringify(got)}`)),
      caseLimitMs,
    );
    const finish = (): void => {
      clearTimeout(timer);
      resolve(got);
    };
    let awaited = alsoAwait === undefined;
    const endIfReady = (): void => {
      if (awaited && !socket.writableEnded && mayEnd(got)) socket.end();
    };
    alsoAwait?.then(() => {
      awaited = true;
      endIfReady();
    }, fail);
    socket.on('data', (data) => {
      got += data.toString('latin1');
      endIfReady();
    });
    socket.on('end', () => {
      socket.end();
      finish();
    });
    // A refusal may be followed by a reset when bytes were left unread.
    socket.on('error', finish);
    socket.write(raw, 'latin1', endIfReady);
  });
}

async function play(entry: DesyncCase): Promise<void> {
  const outcome = isReference ? (entry.haproxy ?? entry.outcome) : entry.outcome;
  const port = program.ports[entry.frontend ?? 'strict'];
  const raw = entry.kind === 'request' ? entry.raw : (entry.request ?? defaultRequest);
  const method = raw.slice(0, raw.indexOf(' '));
  const tunnel = entry.kind === 'request' ? entry.tunnel : undefined;
  const anyCut = outcome.forwarded.some((m) => m.cut);
  const cut = anyCut && entry.kind === 'request';
  const seen = (): Decoded[] => recorder.recordings.map((r) => decodeRequests(r.text, tunnel !== undefined));
  if (entry.kind === 'response') recorder.begin({ answer: entry.raw, close: true, early: false });
  else
    recorder.begin({
      answer: tunnel?.answer ?? defaultAnswer,
      close: false,
      early: cut,
      ...(tunnel && { until: tunnel.until }),
    });

  // A body that is to be cut short has to arrive first, else the close may overtake the whole request.
  const arrived = cut
    ? recorder.until(
        () =>
          isDeepStrictEqual(
            seen().flatMap((s) => s.messages),
            outcome.forwarded.map(factsOf),
          ),
        caseLimitMs,
        'expected messages do not arrive',
      )
    : undefined;
  const mayEnd = (got: string): boolean => {
    const answers = decodeResponses(got, method).messages.filter(
      (m) => (m.complete || anyCut) && !/^\S+ (1..|$)/.test(m.startLine),
    ).length;
    if (entry.kind === 'response')
      return answers > 0 && !(method === 'CONNECT' && outcome.forwarded[0]?.body === 'raw');
    if (tunnel !== undefined && outcome.refused === undefined) return false;
    return cut || answers >= outcome.forwarded.length;
  };
  const got = await exchange(port, raw, mayEnd, arrived);
  await exchange(port, `GET ${sentinelPath} HTTP/1.1\r\nHost: s\r\nConnection: close\r\n\r\n`, () => false);
  await recorder.until(() => recorder.recordings.every((r) => r.ended), caseLimitMs, 'a server connection stays open');

  const each = seen();
  const requests = {
    messages: each.flatMap((s) => s.messages),
    looseness: each.flatMap((s) => s.looseness),
    rest: each.map((s) => s.rest).join(''),
  };
  const compare = (expected: Outcome): void => {
    if (entry.kind === 'request') compareRequests(requests, decodeResponses(got, method), expected);
    else compareResponses(decodeResponses(got, method), expected);
  };
  if (!isReference || entry.haproxyVaries === undefined) return compare(outcome);
  try {
    compare(outcome);
  } catch {
    compare(entry.outcome);
  }
}

function statusesOf(answers: Decoded): number[] {
  return answers.messages.map((m) => Number(m.startLine.split(' ')[1]));
}

function compareRequests(requests: Decoded, answers: Decoded, outcome: Outcome): void {
  const statuses = statusesOf(answers);
  assertForwarded(requests, outcome);
  if (!isReference) assertCanonical(requests);
  if (outcome.refused !== undefined) assert.equal(statuses.at(-1), outcome.refused);
  // When the client cuts its body short, what it is answered depends on who notices first.
  else if (!outcome.forwarded.some((m) => m.cut))
    assert.ok(
      statuses.every((s) => s < 400),
      `refused with ${statuses.join()}`,
    );
}

function compareResponses(answers: Decoded, outcome: Outcome): void {
  if (outcome.refused !== undefined) {
    assert.equal(statusesOf(answers).at(-1), outcome.refused);
    return;
  }
  assertForwarded(answers, outcome);
  if (!isReference) assertCanonical(answers);
}

for (const entry of corpus) {
  test(entry.id, async () => {
    assert.ok(hangs < hangLimit, `not played: ${hangs} cases before had no end`);
    const started = Date.now();
    try {
      await play(entry);
    } finally {
      if (Date.now() - started >= caseLimitMs) hangs++;
    }
  });
}
