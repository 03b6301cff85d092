import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryHost } from './memory-host.ts';
import { hasListener, parseConfig } from './parse.ts';
import { findings, read, TIMEOUTS, valid } from './testing.ts';

const PAGE =
  'HTTP/1.0 400 Bad request\r\nCache-Control: no-cache\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n<html>x</html>\n';

/** The file of Debian's haproxy package, with its own indentation. */
const DEBIAN = `global
	log /dev/log	local0
	log /dev/log	local1 notice
	chroot /var/lib/haproxy
	stats socket /run/haproxy/admin.sock mode 660 level admin
	stats timeout 30s
	user haproxy
	group haproxy
	daemon

	# Default SSL material locations
	ca-base /etc/ssl/certs
	crt-base /etc/ssl/private

        ssl-default-bind-ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256
        ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384
        ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets

defaults
	log	global
	mode	http
	option	httplog
	option	dontlognull
        timeout connect 5000
        timeout client  50000
        timeout server  50000
${[400, 403, 408, 500, 502, 503, 504].map((status) => `\terrorfile ${status} /etc/haproxy/errors/${status}.http`).join('\n')}
`;

test("Debian's stock file with a frontend loads, with one remark about chroot", () => {
  const files = Object.fromEntries(
    [400, 403, 408, 500, 502, 503, 504].map((status) => [`/etc/haproxy/errors/${status}.http`, PAGE]),
  );
  const { config, diagnostics, errors } = read(
    `${DEBIAN}frontend f\n\tbind :8080\n\tdefault_backend b\nbackend b\n\tserver s 127.0.0.1:80 check\n`,
    { files },
  );
  assert.equal(errors, 0);
  assert.deepEqual(
    diagnostics.map(({ severity, at }) => [severity, at!.line]),
    [['warning', 4]],
  );
  const [frontend] = config!.proxies;
  assert.deepEqual(
    [frontend.mode, frontend.logFormat.kind, frontend.options.dontlognull, frontend.timeouts.client],
    ['http', 'httplog', true, 50_000],
  );
  assert.deepEqual(
    frontend.logs.map(({ level }) => level),
    [7, 5],
  );
  assert.equal(frontend.errors[503].kind, 'file');
  assert.deepEqual(config!.global.statsSockets[0], {
    address: { kind: 'unix', path: '/run/haproxy/admin.sock' },
    level: 'admin',
    severityOutput: 'none',
    mode: 0o660,
    user: undefined,
    group: undefined,
    uid: undefined,
    gid: undefined,
    name: undefined,
    backlog: undefined,
    interface: undefined,
    v4v6: false,
    v6only: false,
    at: { file: 't.cfg', line: 5, column: 2 },
  });
});

test('the model is frozen in depth and survives a structured clone', () => {
  const config = valid(
    `${TIMEOUTS}frontend f\n bind :1\n acl a src 1.1.1.1\n default_backend b\nbackend b\n server s 1.1.1.1:80`,
  );
  assert.throws(() => (config.proxies[0].binds as unknown[]).push({}), TypeError);
  assert.throws(() => ((config.sources[1].statements[0].words as string[])[0] = 'x'), TypeError);
  assert.deepEqual(structuredClone(config), config);
});

test('a file must end with a line feed, and holds no NUL', () => {
  const parse = (text: string) =>
    parseConfig([{ name: 'f', text }], memoryHost()).diagnostics.map(({ message, at }) => [
      message,
      at!.line,
      at!.column,
    ]);
  assert.deepEqual(parse('global\n daemon'), [
    ['Missing LF on last line, file might have been truncated at position 8.', 2, 8],
  ]);
  assert.deepEqual(parse('global\n a\0b\n'), [['Stray NUL character at position 3.', 2, 3]]);
  assert.deepEqual(parse('global\r\n daemon\r\n'), []);
  assert.deepEqual(parse(''), []);
});

test('bytes beyond ASCII stay what they are, and columns count bytes', () => {
  const latin1 = Buffer.from('global\n description h\u00e9h\u00e9 "\u4e2d"\n maxcon 1\n').toString('latin1');
  const { diagnostics } = parseConfig([{ name: 'f', text: latin1 }], memoryHost());
  assert.deepEqual(
    diagnostics.map(({ at }) => [at!.line, at!.column]),
    [[3, 2]],
  );
  const { config } = parseConfig([{ name: 'f', text: latin1.replace(' maxcon 1\n', '') }], memoryHost());
  assert.equal(Buffer.from(config!.global.description!, 'latin1').toString(), 'h\u00e9h\u00e9 \u4e2d');
});

test('errors and warnings are counted for the exit status', () => {
  const { config, errors, warnings } = read('global\n chroot /x\n foo\n bar');
  assert.deepEqual([config, errors, warnings], [undefined, 2, 1]);
});

test('whether there is anything to listen on', () => {
  assert.equal(hasListener(valid('global\n daemon')), false);
  assert.equal(hasListener(valid('backend b')), false);
  assert.equal(hasListener(valid('global\n stats socket /tmp/x\nbackend b')), true);
  assert.equal(hasListener(valid(`${TIMEOUTS}frontend f\n bind :1`)), true);
  assert.equal(hasListener(valid(`${TIMEOUTS}frontend f\n bind :1\n disabled`)), false);
});

test('fifty thousand lines are read, and every one of fifty thousand faults is told', () => {
  const lines = Array.from(
    { length: 2500 },
    (_, index) =>
      `frontend f${index}\n bind :${1024 + index}\n acl a path /${index}\n use_backend b${index} if a\nbackend b${index}\n` +
      Array.from({ length: 15 }, (_unused, server) => ` server s${server} 10.0.0.1:80 check weight ${server}\n`).join(
        '',
      ),
  );
  const config = valid(`${TIMEOUTS} mode http\n${lines.join('')}`);
  assert.equal(config.proxies.length, 5000);
  assert.equal(findings(`global\n${' maxcon 1\n'.repeat(50_000)}`).length, 50_000);
});
