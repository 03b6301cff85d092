import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryHost, parseConfig } from '@evenkeel/config';
import { resolveServers, type LastAddress } from './server-addresses.ts';

const KNOWN: Readonly<Record<string, string>> = { 'app.example': '192.0.2.1' };

async function resolve(line: string, last: LastAddress = () => undefined, ignore = false) {
  const text = `resolvers lab\n nameserver first 127.0.0.1:53\nbackend b\n mode tcp\n ${line}\n`;
  const { config } = parseConfig([{ name: 't.cfg', text }], memoryHost({}));
  const asked: string[] = [];
  const { addresses, errors, warnings } = await resolveServers(
    config!.proxies,
    async (host) => {
      asked.push(host);
      return KNOWN[host];
    },
    last,
    ignore,
  );
  return { addresses: addresses[0], errors: errors.length, warnings: warnings.length, asked };
}

// Manual 5.2 "init-addr"; which of them speak, as HAProxy 2.6.12 does with -c.
for (const { line, address, errors = 0, warnings = 0, asked = [] } of [
  { line: 'server s 192.0.2.9:80', address: '192.0.2.9' },
  { line: 'server s unix@/tmp/s', address: undefined },
  { line: 'server s app.example:80', address: '192.0.2.1', asked: ['app.example'] },
  { line: 'server s no.example:80', address: undefined, errors: 2, asked: ['no.example'] },
  { line: 'server s :80', address: '0.0.0.0' },
  { line: 'server s ipv6@:80', address: '::' },
  { line: 'server s no.example:80 resolvers lab', address: undefined, warnings: 1, asked: ['no.example'] },
  { line: 'server s no.example:80 init-addr none', address: undefined },
  { line: 'server s no.example:80 init-addr libc,none', address: undefined, warnings: 1, asked: ['no.example'] },
  { line: 'server s no.example:80 init-addr libc,192.0.2.7', address: '192.0.2.7', warnings: 1, asked: ['no.example'] },
  { line: 'server s app.example:80 init-addr 192.0.2.7,libc', address: '192.0.2.7' },
  { line: 'server s app.example:80 init-addr ipv6@[2001:db8::1]', address: '2001:db8::1' },
  { line: 'server s app.example:80 init-addr last', address: undefined, errors: 2 },
  { line: 'server s _http._tcp.app.example resolvers lab', address: undefined },
  { line: 'server s _http._tcp.app.example:80', address: undefined, errors: 2, asked: ['_http._tcp.app.example'] },
]) {
  test(`init-addr: ${line}`, async () => {
    assert.deepEqual(await resolve(line), { addresses: [address], errors, warnings, asked });
  });
}

test('init-addr: last is what the server has, also where that is nothing', async () => {
  const line = 'server s app.example:80 resolvers lab init-addr last,libc';
  assert.deepEqual((await resolve(line, () => ({ host: '192.0.2.5' }))).addresses, ['192.0.2.5']);
  assert.deepEqual((await resolve(line, () => ({ host: undefined }))).addresses, [undefined]);
});

test('-dr: a name that does not resolve is a warning', async () => {
  const { errors, warnings, addresses } = await resolve('server s no.example:80', undefined, true);
  assert.deepEqual([errors, warnings, addresses], [0, 1, [undefined]]);
});

test('a name of many servers is asked for once', async () => {
  const { asked, addresses } = await resolve('server-template s 5 app.example:80');
  assert.deepEqual(asked, ['app.example']);
  assert.equal(addresses.length, 5);
});
