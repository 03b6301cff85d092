import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assignAddresses, assignServices, serverWeight, serviceKey, type AddressSeeker } from './assignment.ts';

const seeker = (current?: string, more: Partial<AddressSeeker> = {}): AddressSeeker => ({
  current,
  prefers: undefined,
  allowDuplicate: false,
  ...more,
});

test('free addresses go to servers without, in order; the rest get none (manual 5.2 "resolve-opts")', () => {
  assert.deepEqual(assignAddresses([seeker(), seeker(), seeker()], ['a', 'b']), ['a', 'b', undefined]);
});

test('a server keeps its address in whatever order an answer lists them', () => {
  assert.deepEqual(assignAddresses([seeker('b'), seeker('a')], ['a', 'b', 'c']), ['b', 'a']);
  assert.deepEqual(assignAddresses([seeker('gone'), seeker('a')], ['a', 'c']), ['c', 'a']);
});

test('servers that may share an address do so only where none is free', () => {
  const sharing = { allowDuplicate: true };
  assert.deepEqual(assignAddresses([seeker(undefined, sharing), seeker(undefined, sharing)], ['a', 'b']), ['a', 'b']);
  assert.deepEqual(assignAddresses([seeker(undefined, sharing), seeker(undefined, sharing)], ['a']), ['a', 'a']);
});

test('a preferred network wins over what is there now (manual 5.2 "resolve-net")', () => {
  const local = { prefers: (address: string) => address.startsWith('10.') };
  assert.deepEqual(assignAddresses([seeker('192.0.2.1', local)], ['192.0.2.1', '10.0.0.1']), ['10.0.0.1']);
  assert.deepEqual(assignAddresses([seeker('192.0.2.1', local)], ['192.0.2.1', '192.0.2.2']), ['192.0.2.1']);
});

const address = fc.integer({ min: 0, max: 9 }).map((last) => `192.0.2.${last}`);
const addresses = fc.uniqueArray(address, { maxLength: 8 });

test('no address is given twice, none is idle while a server has none, and a second time changes nothing', () => {
  fc.assert(
    fc.property(addresses, fc.array(fc.option(address, { nil: undefined }), { maxLength: 8 }), (known, current) => {
      // What two servers have at once was given before one of them forbade it; the first keeps it.
      const seekers = [...new Set(current)].map((one) => seeker(one));
      const given = assignAddresses(seekers, known);
      const used = given.filter((one) => one !== undefined);
      assert.equal(new Set(used).size, used.length);
      assert.equal(used.length, Math.min(seekers.length, known.length));
      for (const [index, one] of given.entries()) {
        const before = seekers[index].current;
        if (before !== undefined && known.includes(before)) assert.equal(one, before);
      }
      assert.deepEqual(
        assignAddresses(
          given.map((one) => seeker(one)),
          known,
        ),
        given,
      );
    }),
  );
});

test('a server keeps its service, with its weight of today; new ones go to servers without', () => {
  const a = { target: 'a.example', port: 80, weight: 10 };
  const b = { target: 'b.example', port: 80, weight: 10 };
  const c = { target: 'a.example', port: 81, weight: 10 };
  const heavier = { ...a, weight: 20 };
  assert.deepEqual(assignServices([undefined, a, b], [c, heavier]), [c, heavier, undefined]);
  assert.deepEqual(assignServices([undefined, undefined], []), [undefined, undefined]);
  assert.equal(serviceKey(a), 'a.example:80');
});

test('weights of records are scaled as HAProxy 2.6 was seen to scale them', () => {
  const seen = [
    [10, 1],
    [255, 1],
    [512, 2],
    [65_535, 256],
  ] as const;
  for (const [weight, expected] of seen) assert.equal(serverWeight({ target: 'a', port: 1, weight }), expected);
});
