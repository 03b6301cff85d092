// Proxies come out of their bytes as they went in, whatever the language can say of them.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { memoryHost } from './memory-host.ts';
import { packProxy, unpackProxy } from './packed-proxy.ts';
import { parseConfig } from './parse.ts';
import type { Proxy } from './model.ts';

const OPTIONS = ['weight 3', 'backup', 'disabled', 'check inter 3s', 'maxconn 7', 'cookie c', 'source 127.0.0.9'];

function proxyOf(servers: readonly (readonly string[])[]): Proxy {
  const lines = servers.map((options, at) => `  server s${at} 127.0.0.1:${1000 + at} ${options.join(' ')}\n`);
  const rules = '  http-request deny if { path -m reg ^/x }\n  timeout server 3s\n  errorloc 503 /sorry\n';
  const text = `backend b\n  mode http\n${rules}${lines.join('')}`;
  const { config, diagnostics } = parseConfig([{ name: 't.cfg', text }], memoryHost());
  assert.ok(config !== undefined, diagnostics.map(({ message }) => message).join('\n'));
  return config.proxies[0];
}

test('a proxy is what was packed, whatever its servers have in common', () => {
  const server = fc.subarray(OPTIONS);
  fc.assert(
    fc.property(fc.array(server, { maxLength: 8 }), (servers) => {
      const proxy = proxyOf(servers);
      assert.deepEqual(unpackProxy(packProxy(proxy)), proxy);
    }),
    { numRuns: 100 },
  );
});

test('a proxy that came as bytes is packed as those, and one that was made of it is not', () => {
  const bytes = packProxy(proxyOf([['backup'], []]));
  const proxy = unpackProxy(bytes);
  const fewer = { ...proxy, servers: proxy.servers.slice(1) };
  assert.deepEqual(unpackProxy(packProxy(fewer)), fewer);
  assert.equal(packProxy(proxy), bytes);
  // They are kept for one use; what is made afterwards is as good.
  assert.notEqual(packProxy(proxy), bytes);
  assert.deepEqual(unpackProxy(packProxy(proxy)), proxy);
});
