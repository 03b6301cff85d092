/**
 * Rules of checks against a real nginx: what it serves decides whether it is up, and each way in which it fails has its
 * reason. The presentation's checks (`option httpchk GET /test`, `check inter … port …`) among them.
 */

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, freePorts, until } from '../support/daemon.ts';
import { Nginx } from '../support/nginx.ts';
import { TemporaryFolder, missing } from '../support/programs.ts';

const skip = missing('nginx');

const resources = new AsyncDisposableStack();
let nginx: Nginx;
let daemon: Daemon;

before(async () => {
  if (skip !== false) return;
  const folder = resources.use(new TemporaryFolder()).path;
  nginx = resources.use(await Nginx.start(folder));
  publish('ready');
  const [port] = await freePorts(1);
  daemon = resources.use(
    await Daemon.start(
      `global
  stats socket FOLDER/admin.sock level admin
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
  timeout check 1s
  default-server inter 200ms rise 1 fall 1
listen alive
  bind 127.0.0.1:${port}
backend plain
  option httpchk GET /test
  server s 127.0.0.1:${nginx.port} check inter 200ms
backend other_port
  option httpchk GET /test
  server s 127.0.0.1:1 check inter 200ms port ${nginx.port}
backend body
  option httpchk GET /test HTTP/1.1
  http-check send hdr Host lab hdr X-From %[srv_name]
  http-check expect rstring ^ready
backend field
  option httpchk HEAD /test
  http-check expect hdr name content-length value -m reg ^[1-9]
backend ranges
  option httpchk GET /test HTTP/1.1
  http-check connect
  http-check send hdr Host lab hdr Range bytes=0-0
  http-check expect status 206
  http-check set-var(check.length) res.hdr(content-range),field(2,/)
  http-check connect
  http-check send meth GET uri-lf "/test?%[var(check.length)]" hdr Host lab
  http-check expect status 200
backend raw
  option tcp-check
  tcp-check send GET\\ /test\\ HTTP/1.0\\r\\n\\r\\n
  tcp-check expect rstring ready$
`.replaceAll(/(backend (?:body|field|ranges|raw)\n(?: {2}.*\n)+)/g, `$1  server s 127.0.0.1:${nginx.port} check\n`),
      { port },
    ),
  );
});

after(async () => await resources.disposeAsync());

function publish(text: string): void {
  writeFileSync(join(nginx.root, 'test'), text);
}

const BACKENDS = ['plain', 'other_port', 'body', 'field', 'ranges', 'raw'] as const;

async function findings(): Promise<Record<string, string>> {
  const rows = await daemon.statistics();
  return Object.fromEntries(
    BACKENDS.map((name) => {
      const row = rows.find((one) => one['pxname'] === name && one['svname'] === 's');
      return [name, `${row?.['status']} ${row?.['check_status']?.replace('* ', '')} ${row?.['check_code']}`.trim()];
    }),
  );
}

async function settled(expected: Record<(typeof BACKENDS)[number], string>): Promise<void> {
  let last: Record<string, string> = {};
  try {
    await until('every backend stands as expected', async () => {
      last = await findings();
      return BACKENDS.every((name) => last[name] === expected[name]);
    });
  } catch {
    assert.deepEqual(last, expected);
  }
}

const ALL_UP = {
  plain: 'UP L7OK 200',
  other_port: 'UP L7OK 200',
  body: 'UP L7OK 200',
  field: 'UP L7OK 200',
  ranges: 'UP L7OK 200',
  raw: 'UP L7OK 0',
};

test('nginx is up by every rule', { skip, timeout: 60_000 }, async () => {
  await settled(ALL_UP);
});

test('what it serves decides', { skip, timeout: 60_000 }, async () => {
  publish('not ready');
  await settled({ ...ALL_UP, body: 'DOWN L7RSP' });
  publish('');
  await settled({
    ...ALL_UP,
    body: 'DOWN L7RSP',
    field: 'DOWN L7STS 200',
    ranges: 'DOWN L7STS 200',
    raw: 'DOWN L7RSP',
  });
  rmSync(join(nginx.root, 'test'));
  await settled({
    plain: 'DOWN L7STS 404',
    other_port: 'DOWN L7STS 404',
    body: 'DOWN L7RSP',
    field: 'UP L7OK 404',
    ranges: 'DOWN L7STS 404',
    raw: 'DOWN L7RSP',
  });
  publish('ready');
  await settled(ALL_UP);
});

test('a server that is gone is a connection problem for all of them', { skip, timeout: 60_000 }, async () => {
  await nginx.stop();
  await settled({
    plain: 'DOWN L4CON',
    other_port: 'DOWN L4CON',
    body: 'DOWN L4CON',
    field: 'DOWN L4CON',
    ranges: 'DOWN L4CON',
    raw: 'DOWN L4CON',
  });
});
