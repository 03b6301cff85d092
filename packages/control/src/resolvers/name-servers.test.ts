import assert from 'node:assert/strict';
import { promises as dns } from 'node:dns';
import { test } from 'node:test';
import { nameServersIn } from './name-servers.ts';

test('resolv.conf names servers by address; lines that name none are left out, since a reload must not fail of them', () => {
  const lines = [
    '# nameserver 192.0.2.9',
    'search example.com',
    'nameserver 192.0.2.1',
    ' nameserver\t2001:db8::1 # the second',
    'nameserver fe80::1%lo',
    'nameserver',
    'nameserver 192.0.2',
    'nameserver 999.0.0.1',
    'nameserver :::',
    'nameserver ns.example.com',
  ];
  const found = nameServersIn(lines.join('\n'));
  assert.deepEqual(found, [
    { name: '192.0.2.1', address: '192.0.2.1:53' },
    { name: '2001:db8::1', address: '[2001:db8::1]:53' },
    { name: 'fe80::1%lo', address: '[fe80::1%lo]:53' },
  ]);
  // What the runtime takes.
  new dns.Resolver().setServers(found.map(({ address }) => address));
});
