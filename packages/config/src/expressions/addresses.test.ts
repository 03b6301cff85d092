import assert from 'node:assert/strict';
import { isIPv4 as systemIpv4, isIPv6 as systemIpv6 } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressPattern, expandIpv4, ipv4MaskBits, isIpv4, isIpv6 } from './addresses.ts';

test('short IPv4 forms of manual section 7.1.6', () => {
  const table: Record<string, string | undefined> = {
    '192.168.0.1': '192.168.0.1',
    '192.168.1': '192.168.0.1',
    '10.12': '10.0.0.12',
    '127.1': '127.0.0.1',
    '5': '0.0.0.5',
    '0': '0.0.0.0',
    '1.2.3.4.5': undefined,
    '1..2': undefined,
    '256.1': undefined,
    '': undefined,
    '010.1': undefined,
  };
  for (const [text, full] of Object.entries(table)) assert.equal(expandIpv4(text), full, text);
});

test('masks are lengths or dotted', () => {
  assert.equal(ipv4MaskBits('24'), 0xffffff00);
  assert.equal(ipv4MaskBits('0'), 0);
  assert.equal(ipv4MaskBits('32'), 0xffffffff);
  assert.equal(ipv4MaskBits('33'), undefined);
  assert.equal(ipv4MaskBits('255.255.0.0'), 0xffff0000);
});

test('patterns are addresses or networks, never names', () => {
  const table: Record<string, string | undefined> = {
    '10/8': '0.0.0.10/8',
    '192.168.1/22': '192.168.0.1/22',
    '::1/64': '::1/64',
    '::1': '::1',
    '1.2.3.4/255.0.255.0': '1.2.3.4/255.0.255.0',
    '1.2.3.4/': undefined,
    '::1/129': undefined,
    '::1/ffff::': undefined,
    localhost: undefined,
    '*': undefined,
    'fe80::1%lo': undefined,
  };
  for (const [text, canonical] of Object.entries(table)) assert.equal(addressPattern(text), canonical, text);
});

test('literals are those that the system knows', () => {
  const piece = fc.oneof(
    fc.integer({ min: 0, max: 0x1ffff }).map((value) => value.toString(16)),
    fc.constant(''),
    fc.constant('1.2.3.4'),
    fc.constant('01.2.3.4'),
  );
  const text = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join(':')),
    fc.array(fc.nat(300).map(String), { maxLength: 5 }).map((octets) => octets.join('.')),
  );
  fc.assert(
    fc.property(text, (value) => {
      assert.equal(isIpv4(value), systemIpv4(value), value);
      assert.equal(isIpv6(value), systemIpv6(value), value);
    }),
    { numRuns: 2000 },
  );
});
