import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatAddress, isIpv4, isIpv6, isNetwork, parseAddress, type AddressRules } from './address.ts';
import type { Address } from './model.ts';

const BIND: AddressRules = { port: 'required', range: true, fd: true };
const SERVER: AddressRules = { port: 'optional', offset: true, zeroPort: true };
const LOG: AddressRules = { port: 'optional', fd: true, datagram: true, zeroPort: true };

function inet(host: string, family: 4 | 6 | undefined, first?: number, last = first): Address {
  return {
    kind: 'inet',
    host,
    family,
    port: first === undefined ? undefined : { first, last: last!, relative: false },
  };
}

function accepted(text: string, rules: AddressRules): Address {
  const result = parseAddress(text, rules);
  assert.ok(result.ok, `${text}: ${result.ok ? '' : result.reason}`);
  return result.address;
}

function refused(text: string, rules: AddressRules): string {
  const result = parseAddress(text, rules);
  assert.equal(result.ok, false, text);
  return result.ok ? '' : result.reason;
}

test('manual 11: hosts and ports', () => {
  assert.deepEqual(accepted(':80', BIND), inet('*', 4, 80));
  assert.deepEqual(accepted('*:80', BIND), inet('*', 4, 80));
  assert.deepEqual(accepted('127.0.0.1:8000-8010', BIND), inet('127.0.0.1', 4, 8000, 8010));
  assert.deepEqual(accepted('localhost:80', BIND), inet('localhost', undefined, 80));
  assert.deepEqual(accepted('10.0.0.1', SERVER), inet('10.0.0.1', 4));
  assert.deepEqual(accepted('web_1.example.com:0', SERVER), inet('web_1.example.com', undefined, 0));
});

test('an IPv6 address is cut at its last colon, as haproxy reads it', () => {
  assert.deepEqual(accepted('::1:80', BIND), inet('::1', 6, 80));
  assert.deepEqual(accepted('[::1]:80', BIND), inet('::1', 6, 80));
  assert.deepEqual(accepted(':::80', BIND), inet('::', 6, 80));
  assert.deepEqual(accepted('[::1]', SERVER), inet('::1', 6));
  assert.deepEqual(accepted('::ffff:1.2.3.4:80', BIND), inet('::ffff:1.2.3.4', 6, 80));
  assert.equal(refused('::1', BIND), "invalid address: ':' in '::1'");
  assert.equal(refused('[::1', BIND), "invalid address: '[:' in '[::1'");
  assert.equal(refused('1::2::3:80', BIND), "invalid address: '1::2::3' in '1::2::3:80'");
});

test('manual 11.1: family prefixes', () => {
  assert.deepEqual(accepted('ipv4@:80', BIND), inet('*', 4, 80));
  assert.deepEqual(accepted('ipv6@:80', BIND), inet('*', 6, 80));
  assert.deepEqual(accepted('ip@1.1.1.1:80', BIND), inet('1.1.1.1', 4, 80));
  assert.deepEqual(accepted('tcp6@*:80', BIND), inet('*', 6, 80));
  assert.deepEqual(accepted('stream+ipv4@:80', BIND), inet('*', 4, 80));
  assert.deepEqual(accepted('unix@run/x', BIND), { kind: 'unix', path: 'run/x' });
  assert.deepEqual(accepted('uxst@/x', BIND), { kind: 'unix', path: '/x' });
  assert.deepEqual(accepted('/run/a:b', BIND), { kind: 'unix', path: '/run/a:b' });
  assert.deepEqual(accepted('abns@name', SERVER), { kind: 'abstract', name: 'name' });
  assert.deepEqual(accepted('fd@5', BIND), { kind: 'fd', fd: 5 });
  assert.deepEqual(accepted('sockpair@6', BIND), { kind: 'fd', fd: 6 });
  assert.equal(refused('ipv4@::1:80', BIND), "invalid address: '::1' in 'ipv4@::1:80'");
  assert.equal(refused('ipv6@1.1.1.1:80', BIND), "invalid address: '1.1.1.1' in 'ipv6@1.1.1.1:80'");
  assert.equal(refused('foo@:80', BIND), "invalid address: 'foo@' in 'foo@:80'");
});

test('manual 11.2 and 11.3: datagrams only where logs go, QUIC nowhere', () => {
  assert.equal(refused('udp@:80', BIND), "dgram-type address not acceptable in 'udp@:80'");
  assert.equal(refused('uxdg@/x', BIND), "dgram-type address not acceptable in 'uxdg@/x'");
  assert.equal(refused('dgram+ipv4@:80', SERVER), "dgram-type address not acceptable in 'dgram+ipv4@:80'");
  assert.match(refused('quic4@:443', BIND), /^QUIC is not available, so 'quic4@:443' cannot be used/);
  assert.match(refused('quic6@:443', BIND), /^QUIC is not available/);
  assert.deepEqual(accepted('udp@127.0.0.1', LOG), inet('127.0.0.1', 4));
});

/** Bad addresses of `bind` with haproxy's complaint. */
const BAD_BINDS: readonly (readonly [string, string])[] = [
  ['foo', "missing port specification in 'foo'"],
  ['*', "missing port specification in '*'"],
  [':80000', "invalid port '80000'"],
  [':0', "invalid port '0'"],
  [':80-70', "invalid port range '80-70'"],
  [':80-', "invalid port ''"],
  [':+80', "port offset not permitted here in ':+80'"],
  ['a:b:c', "invalid character 'c' in port number 'c' in 'a:b:c'"],
  [':http', "invalid character 'h' in port number 'http' in ':http'"],
  ['fd@x', "file descriptor 'x' is not a valid integer in 'fd@x'"],
  ['fd@-1', "file descriptor '-1' is not a valid integer in 'fd@-1'"],
  ['300.1.1.1:80', "invalid address: '300.1.1.1' in '300.1.1.1:80'"],
  ['@1:80', "invalid address: '@1' in '@1:80'"],
];

test("bad addresses are refused with haproxy's words", () => {
  for (const [text, reason] of BAD_BINDS) assert.equal(refused(text, BIND), reason);
});

test('servers take offsets, no ranges and no descriptors', () => {
  assert.deepEqual(accepted('1.1.1.1:+1000', SERVER), {
    kind: 'inet',
    host: '1.1.1.1',
    family: 4,
    port: { first: 1000, last: 1000, relative: true },
  });
  assert.deepEqual(accepted('1.1.1.1:-80', SERVER), {
    kind: 'inet',
    host: '1.1.1.1',
    family: 4,
    port: { first: -80, last: -80, relative: true },
  });
  assert.equal(refused('1.1.1.1:80-90', SERVER), "port range not permitted here in '1.1.1.1:80-90'");
  assert.equal(refused('fd@1', SERVER), "a file descriptor is not acceptable here in 'fd@1'");
});

test('paths that a socket address cannot hold are refused', () => {
  assert.equal(parseAddress(`/${'a'.repeat(106)}`, BIND).ok, true);
  assert.equal(parseAddress(`/${'a'.repeat(107)}`, BIND).ok, false);
});

test('literals and networks', () => {
  for (const good of ['0.0.0.0', '255.255.255.255']) assert.ok(isIpv4(good), good);
  for (const bad of ['1.2.3', '1.2.3.4.5', '256.1.1.1', '1.2.3.x', '']) assert.ok(!isIpv4(bad), bad);
  for (const good of ['::', '::1', '1::', '1:2:3:4:5:6:7:8', 'fe80::1:2', '::ffff:1.2.3.4', '1:2:3:4:5:6:1.2.3.4'])
    assert.ok(isIpv6(good), good);
  for (const bad of [
    '',
    ':',
    ':::',
    '1:2:3',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    'g::',
    '1.2.3.4::',
    '1::2::3',
    '::1.2.3.4:1',
  ])
    assert.ok(!isIpv6(bad), bad);
  for (const good of ['10.0.0.0/8', '10.0.0.0/255.0.0.0', '::1', 'fc00::/7', '1.1.1.1'])
    assert.ok(isNetwork(good), good);
  for (const bad of ['1.1.1.1/33', 'x', '::/129', '1.1.1.1/', '10/8']) assert.ok(!isNetwork(bad), bad);
});

const PORT = fc.integer({ min: 1, max: 65535 });
const ADDRESS: fc.Arbitrary<Address> = fc.oneof(
  fc.constantFrom('/run/x', 'relative/x', '/a b').map((path) => ({ kind: 'unix' as const, path })),
  fc.constantFrom('a', 'b:c').map((name) => ({ kind: 'abstract' as const, name })),
  fc.nat(1000).map((fd) => ({ kind: 'fd' as const, fd })),
  fc
    .tuple(
      fc.constantFrom<readonly [string, 4 | 6 | undefined]>(
        ['*', 4],
        ['*', 6],
        ['1.2.3.4', 4],
        ['::1', 6],
        ['::', 6],
        ['example.com', undefined],
      ),
      PORT,
      fc.nat(100),
    )
    .map(([[host, family], first, more]) => inet(host, family, first, Math.min(65535, first + more))),
);

test('a printed address reads back the same', () => {
  fc.assert(
    fc.property(ADDRESS, (address) => {
      assert.deepEqual(accepted(formatAddress(address), BIND), address);
    }),
  );
});

test('no text makes the reader throw', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...Array.from('0129af:.@[]+-*/%ipv46unxfds ')), maxLength: 30 }),
      (text) => {
        for (const rules of [BIND, SERVER, LOG]) parseAddress(text, rules);
      },
    ),
  );
});
