// Proxies come out of their bytes as they went in, whatever the language can say of them.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { memoryHost } from './memory-host.ts';
import { ProxyPacker, receiveProxy, unpackProxy, type SharedPages } from './packed-proxy.ts';
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

/** As another thread gets them. */
function crossed(proxies: readonly Proxy[]): { readonly bytes: Uint8Array[]; readonly pages: SharedPages } {
  const packer = new ProxyPacker(proxies);
  return structuredClone({ bytes: proxies.map((proxy) => packer.pack(proxy)), pages: packer.pages });
}

test('a proxy is what was packed, whatever its servers have in common', () => {
  const server = fc.subarray(OPTIONS);
  fc.assert(
    fc.property(fc.array(server, { maxLength: 8 }), (servers) => {
      const proxy = proxyOf(servers);
      const { bytes, pages } = crossed([proxy]);
      assert.deepEqual(unpackProxy(bytes[0], pages), proxy);
    }),
    { numRuns: 100 },
  );
});

test('a proxy that was received is packed as it came, once, and one that was made of it anew', () => {
  const { bytes, pages } = crossed([proxyOf([['backup'], []]), proxyOf([['disabled']])]);
  const proxies = bytes.map((each) => receiveProxy(each, pages));
  const fewer = { ...proxies[0], servers: proxies[0].servers.slice(1) };
  const packer = new ProxyPacker([fewer, proxies[1]]);
  assert.deepEqual(unpackProxy(packer.pack(fewer), packer.pages), fewer);
  assert.equal(packer.pack(proxies[1]), bytes[1]);
  packer.finish();
  const later = new ProxyPacker(proxies);
  assert.notEqual(later.pack(proxies[1]), bytes[1]);
  assert.deepEqual(unpackProxy(later.pack(proxies[1]), later.pages), proxies[1]);
});

test('pages that many proxies have from one defaults section cross once', () => {
  const page = `HTTP/1.0 503 Nothing\r\n\r\n${'x'.repeat(5000)}`;
  const sections = Array.from({ length: 50 }, (_, index) => `backend b${index}\n`).join('');
  const text = `defaults\n  mode http\n  errorfile 503 /page\n  errorloc 502 /sorry\n${sections}`;
  const { config } = parseConfig([{ name: 't.cfg', text }], memoryHost({ files: { '/page': page } }));
  assert.ok(config !== undefined);
  const { bytes, pages } = crossed(config.proxies);
  assert.deepEqual(
    bytes.map((each) => unpackProxy(each, pages)),
    config.proxies,
  );
  assert.equal(pages.length, 2);
  assert.ok(bytes.every((each) => each.length < page.length));
});
