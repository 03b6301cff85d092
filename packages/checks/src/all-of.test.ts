// Several checks of one server: in turn, each on its own connection; all must pass, the first failure is what is found.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf } from './all-of.ts';
import type { Protocol } from './conversation.ts';
import { tcpProtocol } from './protocols/tcp.ts';
import { CheckRun, type RunEffect } from './run.ts';
import { rulesOf, subjectOf } from './testing.ts';

const http = rulesOf(['option httpchk']);
const conditional = rulesOf(['option httpchk', 'http-check disable-on-404']);
const banner = rulesOf(['option tcp-check', 'tcp-check connect port 99', 'tcp-check expect string hello']);

/** Answers each connection with the next text; 'refused' and 'silence' are what they say. Tells what is done and found. */
function play(protocol: Protocol, answers: readonly string[]): string[] {
  const run = new CheckRun(protocol, subjectOf(), { connectMs: 1000, readMs: undefined }, 0);
  const left = [...answers];
  const seen: string[] = [];
  const note = (effects: readonly RunEffect[]): void => {
    for (const effect of effects) {
      if (effect.type === 'connect') {
        const { address } = effect.options;
        seen.push(`connect ${'port' in address ? address.port : address.path}`);
      } else if (effect.type === 'result') {
        const { status, code, info } = effect.result;
        seen.push(`${status} ${code} "${info}"`);
      } else if (effect.type === 'close') seen.push('close');
    }
  };
  note(run.start(0));
  for (let answer = left.shift(); answer !== undefined; answer = left.shift()) {
    if (answer === 'refused') note(run.handle(1, { type: 'error', code: 'ECONNREFUSED' }));
    else {
      note(run.handle(1, { type: 'connected' }));
      if (answer === 'silence') note(run.handleTimeout(1001));
      else if (answer !== '') note(run.handle(1, { type: 'data', bytes: Buffer.from(answer) }));
    }
  }
  return seen;
}

const OK = 'HTTP/1.0 200 OK\r\n\r\n';

test('one check alone is that check', () => {
  assert.equal(allOf(http, []), http);
});

test('all pass: what the own check found counts', () => {
  const protocol = allOf(http, [
    { name: 'database', protocol: banner },
    { name: 'plain', protocol: tcpProtocol },
  ]);
  assert.deepEqual(play(protocol, [OK, 'hello', '']), [
    'connect 80',
    'close',
    'connect 99',
    'close',
    'connect 80',
    'close',
    'L7OK 200 ""',
  ]);
});

test('the first failure ends it, with the name of its backend', () => {
  const protocol = allOf(http, [{ name: 'database', protocol: banner }]);
  assert.deepEqual(play(protocol, ['HTTP/1.0 500 Oh\r\n\r\n']), ['connect 80', 'close', 'L7STS 500 "Oh"']);
  assert.equal(
    play(protocol, [OK, 'refused']).at(-1),
    'L4CON -1 "Connection refused at step 1 of tcp-check (connect port 99) in the check of database"',
  );
  assert.equal(
    play(protocol, [OK, 'silence']).at(-1),
    'L7TOUT -1 " at step 2 of tcp-check (expect string \'hello\') in the check of database"',
  );
  const reversed = allOf(banner, [{ name: 'web', protocol: http }]);
  assert.equal(play(reversed, ['hello', 'HTTP/1.0 404 None\r\n\r\n']).at(-1), 'L7STS 404 "None in the check of web"');
});

test('a condition of one is a condition of all', () => {
  const gone = 'HTTP/1.0 404 Gone\r\n\r\n';
  const protocol = allOf(http, [{ name: 'soft', protocol: conditional }]);
  assert.equal(play(protocol, [OK, gone]).at(-1), 'L7OKC 404 ""');
  assert.equal(play(allOf(conditional, [{ name: 'web', protocol: http }]), [gone, OK]).at(-1), 'L7OKC 404 ""');
});
