/** The configuration that Debian installs, with a frontend added: it starts unchanged, and serves. */

import { test } from 'node:test';
import type { TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, EVENKEEL, freePorts, until } from '../support/daemon.ts';
import { RawServer, ask } from '../support/http.ts';
import { TemporaryFolder, run } from '../support/programs.ts';

const STOCK = '/etc/haproxy/haproxy.cfg';
const STOCK_SOCKET = '/run/haproxy/admin.sock';
const ERROR_CODES = [400, 403, 408, 500, 502, 503, 504] as const;
const isRoot = process.getuid?.() === 0;

function accountExists(name: string): boolean {
  return readFileSync('/etc/passwd', 'latin1')
    .split('\n')
    .some((line) => line.startsWith(`${name}:`));
}

/** What Debian's file says, with the runtime socket in the test's folder. */
function equivalent(): string {
  const account = isRoot && accountExists('haproxy') ? '\tuser haproxy\n\tgroup haproxy\n' : '';
  const pages = ERROR_CODES.map((code) => `/etc/haproxy/errors/${code}.http`).filter((path) => existsSync(path));
  return `global
	log /dev/log	local0
	log /dev/log	local1 notice
	chroot FOLDER
	stats socket FOLDER/admin.sock mode 660 level admin
	stats timeout 30s
${account}	daemon

	# Default locations of certificates
	ca-base /etc/ssl/certs
	crt-base /etc/ssl/private

        ssl-default-bind-ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384
        ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256
        ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets

defaults
	log	global
	mode	http
	option	httplog
	option	dontlognull
        timeout connect 5000
        timeout client  50000
        timeout server  50000
${pages.map((path) => `\terrorfile ${/\d+/.exec(path.slice(path.lastIndexOf('/')))?.[0]} ${path}\n`).join('')}`;
}

function addition(port: number, serverPort: number): string {
  return `frontend web
    bind 127.0.0.1:${port}
    acl is-secret path_beg /secret
    http-request deny if is-secret
    use_backend nobody if { path /nobody }
    default_backend app
backend app
    server s1 127.0.0.1:${serverPort} check
backend nobody
`;
}

async function startServer(): Promise<RawServer> {
  return await RawServer.start((socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nserved'));
  });
}

/** A request that is served, and two that bring error pages: the installed ones where the file names them. */
async function serves(port: number): Promise<void> {
  assert.equal((await ask(port)).body.toString(), 'served');
  for (const [path, code] of [
    ['/secret', 403],
    ['/nobody', 503],
  ] as const) {
    const answer = await ask(port, { path });
    assert.equal(answer.status, code);
    const file = `/etc/haproxy/errors/${code}.http`;
    if (existsSync(file))
      assert.equal(
        answer.body.toString(),
        readFileSync(file, 'latin1')
          .split(/\r?\n\r?\n/)
          .slice(1)
          .join('\n\n'),
      );
  }
}

/** Runs as the account of the file, and not as root. */
function assertUnprivileged(daemon: Daemon): void {
  const uid = /^Uid:\t(\d+)\t(\d+)/m.exec(readFileSync(`/proc/${daemon.pid}/status`, 'latin1'));
  const expected = execFileSync('id', ['-u', 'haproxy']).toString().trim();
  assert.deepEqual(uid?.slice(1), [expected, expected]);
}

test('an equivalent of the stock file starts and serves', async () => {
  await using server = await startServer();
  const [port] = await freePorts(1);
  await using daemon = await Daemon.start(equivalent() + addition(port, server.port), { port });
  await serves(port);
  assert.equal(statSync(join(daemon.folder, 'admin.sock')).mode & 0o777, 0o660);
  assert.match(await daemon.ask('show info'), /^Name: \S+/m);
  await until('the check has passed', async () => (await daemon.statistic('app', 's1', 'status')) === 'UP');
  assert.equal(await daemon.statistic('web', 'FRONTEND', 'dreq'), '1');
  assert.doesNotMatch(daemon.output, /ALERT/);
  if (isRoot && accountExists('haproxy')) assertUnprivileged(daemon);
});

test('the stock file itself with -f STOCK -f FILE starts and serves', async (context: TestContext) => {
  if (!existsSync(STOCK)) return context.skip(`${STOCK} is missing; on Debian: apt-get install haproxy`);
  if (!isRoot) return context.skip('only root may become the user of the stock file');
  if (existsSync(STOCK_SOCKET))
    return context.skip(`${STOCK_SOCKET} exists: another proxy may be running on the stock file`);
  // Debian's unit makes it (RuntimeDirectory).
  const made = !existsSync('/run/haproxy');
  if (made) mkdirSync('/run/haproxy');
  await using server = await startServer();
  const [port] = await freePorts(1);
  try {
    await using daemon = await Daemon.start(addition(port, server.port), { port, flags: ['-db', '-f', STOCK] });
    await serves(port);
    assert.equal(existsSync(STOCK_SOCKET), true);
    assertUnprivileged(daemon);
    assert.doesNotMatch(daemon.output, /ALERT/);
  } finally {
    rmSync(made ? '/run/haproxy' : STOCK_SOCKET, { recursive: true, force: true });
  }
  return undefined;
});

test('the stock file checks as valid beside a frontend; chroot is the only thing to warn of', async (context: TestContext) => {
  if (!existsSync(STOCK)) return context.skip(`${STOCK} is missing; on Debian: apt-get install haproxy`);
  using folder = new TemporaryFolder();
  const file = join(folder.path, 'a.cfg');
  writeFileSync(file, addition(1, 2));
  const { status, stdout, stderr } = await run(process.env['HAPROXY_PROGRAM'] ?? EVENKEEL, [
    '-c',
    '-f',
    STOCK,
    '-f',
    file,
  ]);
  assert.equal(status, 0);
  assert.match(stdout.toString(), /Configuration file is valid/);
  for (const line of stderr.split('\n').filter((each) => /ALERT|WARNING/.test(each))) assert.match(line, /'chroot'/);
  return undefined;
});
