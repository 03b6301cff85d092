import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ipv4, IpAddress, parseIpAddress } from './ip-address.ts';
import { compileNetworks } from './networks.ts';

function has(patterns: readonly string[], address: string): boolean {
  return compileNetworks(patterns)(parseIpAddress(address)!);
}

test('networks, hosts and masks of manual section 7.1.6', () => {
  assert.ok(has(['10.0.0.0/8'], '10.255.255.255'));
  assert.ok(!has(['10.0.0.0/8'], '11.0.0.0'));
  assert.ok(has(['192.0.2.1'], '192.0.2.1'));
  assert.ok(has(['0.0.0.0/0'], '255.255.255.255'));
  assert.ok(has(['1.2.3.4/255.0.255.0'], '1.9.3.9'), 'a mask with holes');
  assert.ok(!has(['1.2.3.4/255.0.255.0'], '1.9.4.9'));
  assert.ok(has(['2001:db8::/32'], '2001:db8:ffff::1'));
  assert.ok(!has(['2001:db8::/32'], '2001:db9::1'));
  assert.ok(has(['::/0'], '::1'));
  assert.ok(!compileNetworks([])(ipv4(1)));
});

test('the families meet as manual section 7.1.6 says', () => {
  assert.ok(has(['1.2.3.4'], '::ffff:1.2.3.4'));
  assert.ok(has(['1.2.3.4'], '::1.2.3.4'));
  assert.ok(has(['1.2.3.4'], '2002:102:304::1'));
  assert.ok(!has(['127.0.0.1'], '::1'));
  assert.ok(has(['::ffff:1.2.3.0/120'], '1.2.3.4'));
  assert.ok(!has(['2001:db8::/32'], '1.2.3.4'));
});

test('sorted ranges give what each pattern gives by itself', () => {
  const network = fc
    .tuple(fc.nat(0xffffffff), fc.integer({ min: 0, max: 32 }))
    .map(([bits, length]) => ({ bits, length }));
  fc.assert(
    fc.property(
      fc.array(network, { maxLength: 40 }),
      fc.array(fc.nat(0xffffffff), { maxLength: 20 }),
      (networks, addresses) => {
        const test4 = compileNetworks(networks.map(({ bits, length }) => `${ipv4(bits).text}/${length}`));
        for (const bits of [
          ...addresses,
          ...networks.map((one) => one.bits),
          ...networks.map((one) => (one.bits + 1) >>> 0),
        ]) {
          const expected = networks.some(
            ({ bits: base, length }) => length === 0 || base >>> (32 - length) === bits >>> (32 - length),
          );
          assert.equal(test4(ipv4(bits)), expected);
        }
      },
    ),
  );
  const words = fc.tuple(fc.nat(3), fc.nat(0xffffffff), fc.nat(3), fc.nat(0xffffffff));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(words, fc.integer({ min: 0, max: 128 })), { maxLength: 30 }),
      fc.array(words, { maxLength: 20 }),
      (networks, addresses) => {
        const address = (w: readonly [number, number, number, number]): IpAddress =>
          new IpAddress(6, 0x20010000 + w[0], w[1], w[2], w[3]);
        const number = (one: IpAddress): bigint =>
          (BigInt(one.w0) << 96n) | (BigInt(one.w1) << 64n) | (BigInt(one.w2) << 32n) | BigInt(one.w3);
        const test6 = compileNetworks(networks.map(([w, length]) => `${address(w).text}/${length}`));
        for (const w of [...addresses, ...networks.map((one) => one[0])]) {
          const expected = networks.some(
            ([base, length]) =>
              number(address(base)) >> BigInt(128 - length) === number(address(w)) >> BigInt(128 - length),
          );
          assert.equal(test6(address(w)), expected);
        }
      },
    ),
  );
});

test('ten thousand prefixes are one search', () => {
  const patterns = Array.from({ length: 10_000 }, (_, index) => `${ipv4(index * 0x10000 + 0x01000000).text}/24`);
  const test4 = compileNetworks(patterns);
  assert.ok(test4(ipv4(0x01000000 + 9_999 * 0x10000 + 255)));
  assert.ok(!test4(ipv4(0x01000000 + 9_999 * 0x10000 + 256)));
  assert.ok(!test4(ipv4(0x00ffffff)));
});
