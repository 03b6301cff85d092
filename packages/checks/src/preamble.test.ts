// What goes before a check's own bytes: the PROXY line of version 1 and the SOCKS4 handshake, as HAProxy 2.6.12 sends them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectOptions } from './conversation.ts';
import { Preamble, proxyLine, type ConnectionEnds } from './preamble.ts';
import { CheckRun, type RunEffect } from './run.ts';
import { rulesOf, subjectOf } from './testing.ts';

const ends: ConnectionEnds = { local: { host: '10.0.0.1', port: 40_000 }, remote: { host: '10.0.0.2', port: 80 } };

test('the PROXY line names both ends, where it can', () => {
  const line = (...pair: Parameters<typeof proxyLine>): string => proxyLine(...pair).toString('latin1');
  assert.equal(line(ends.local, ends.remote), 'PROXY TCP4 10.0.0.1 10.0.0.2 40000 80\r\n');
  assert.equal(line({ host: '::1', port: 1 }, { host: '2001:db8::1', port: 2 }), 'PROXY TCP6 ::1 2001:db8::1 1 2\r\n');
  assert.equal(line(ends.local, { host: '::1', port: 2 }), 'PROXY UNKNOWN\r\n');
  assert.equal(line(undefined, undefined), 'PROXY UNKNOWN\r\n');
});

const options: ConnectOptions = {
  address: { host: '10.0.0.9', port: 258 },
  sendProxy: true,
  socks4: { host: '10.0.0.2', port: 1080 },
};
const granted = Buffer.from([0, 90, 0, 0, 0, 0, 0, 0]);

test('SOCKS4: a request, its answer in any pieces, then the PROXY line with the address that was asked for', () => {
  const preamble = new Preamble(options, ends);
  assert.deepEqual(preamble.start(), {
    send: Buffer.from('\x04\x01\x01\x02\x0a\0\0\x09HAProxy\0', 'latin1'),
    waits: true,
  });
  for (const byte of granted.subarray(0, 7)) assert.deepEqual(preamble.take(Buffer.from([byte])), { type: 'wait' });
  const done = preamble.take(Buffer.concat([granted.subarray(7), Buffer.from('hello')]));
  assert.ok(done.type === 'done');
  assert.equal(done.rest.toString(), 'hello');
  assert.equal(done.send?.toString(), 'PROXY TCP4 10.0.0.1 10.0.0.9 40000 258\r\n');
});

function resultOf(effects: readonly RunEffect[]): string | undefined {
  for (const effect of effects) if (effect.type === 'result') return `${effect.result.status} ${effect.result.info}`;
  return undefined;
}

test('a SOCKS4 proxy that refuses or closes ends the check, as HAProxy says it', () => {
  const run = (): CheckRun => {
    const check = new CheckRun(
      rulesOf(['option tcp-check', 'tcp-check send x']),
      subjectOf({ connection: { ...options, sendProxy: false } }),
      { connectMs: 1000, readMs: undefined },
      0,
    );
    check.start(0);
    check.handle(1, { type: 'connected', ends: () => ends });
    return check;
  };
  const place = 'at initial connection step of tcp-check';
  assert.equal(
    resultOf(run().handle(2, { type: 'data', bytes: Buffer.from([0, 91, 0, 0, 0, 0, 0, 0]) })),
    `SOCKERR SOCKS4 Proxy deny the request ${place}`,
  );
  assert.equal(resultOf(run().handle(2, { type: 'end' })), `SOCKERR SOCKS4 Proxy read error during handshake ${place}`);
  assert.equal(resultOf(run().handle(2, { type: 'data', bytes: granted })), 'L7OK (tcp-check)');
});
