import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { ipv4, parseIpAddress } from './ip-address.ts';

test('IPv4 is four decimal octets without leading zeros', () => {
  assert.equal(parseIpAddress('192.0.2.1')?.w3, 0xc0000201);
  for (const text of [
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1..2.3',
    '',
    ' 1.2.3.4',
    '1.2.3.4 ',
    'a.b.c.d',
    '1.2.3.-4',
  ]) {
    assert.equal(parseIpAddress(text), undefined, text);
  }
});

test('IPv6 texts of RFC 4291, printed as RFC 5952 has them', () => {
  const cases: Record<string, string> = {
    '2001:DB8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
    '2001:db8:0:1:1:1:1:1': '2001:db8:0:1:1:1:1:1',
    '::': '::',
    '0:0:0:0:0:0:0:1': '::1',
    '::ffff:192.0.2.1': '::ffff:192.0.2.1',
    '::13.1.68.3': '::13.1.68.3',
    '1:0:0:2:0:0:0:3': '1:0:0:2::3',
    'fe80::1%eth0': 'fe80::1',
  };
  for (const [text, printed] of Object.entries(cases)) assert.equal(parseIpAddress(text)?.text, printed, text);
  for (const text of [
    '1:2:3:4:5:6:7',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    ':::',
    '12345::',
    '::1.2.3',
    '1:2:3:4:5:6:7::8:9',
    'g::',
  ]) {
    assert.equal(parseIpAddress(text), undefined, text);
  }
});

test('an IPv4 address stands in the last word, beside the prefix of its mapped form', () => {
  const address = ipv4(0x01020304);
  assert.deepEqual(
    [address.family, address.w0, address.w1, address.w2, address.w3, address.text],
    [4, 0, 0, 0xffff, 0x01020304, '1.2.3.4'],
  );
});

test('what is parsed is what the system takes for an address, and its text parses to the same words', () => {
  const word = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16));
  const piece = fc.oneof(word, fc.constant(''), fc.constant('0'), fc.constant('1.2.3.4'), fc.constant('300'));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.ipV4(),
        fc.ipV6(),
        fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join(':')),
      ),
      (text) => {
        const address = parseIpAddress(text);
        assert.equal(address !== undefined, isIP(text) !== 0, text);
        if (address === undefined) return;
        const again = parseIpAddress(address.text)!;
        assert.deepEqual(
          [again.family, again.w0, again.w1, again.w2, again.w3],
          [address.family, address.w0, address.w1, address.w2, address.w3],
        );
      },
    ),
    { numRuns: 2000 },
  );
});
