/**
 * `option external-check` and `option ping-check`: what a program is told equals what HAProxy tells it; how it ends, that it
 * ends in time with all it has started, and that nothing of this process leaks into it.
 */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, freePorts, until } from '../support/daemon.ts';
import { TemporaryFolder, missing } from '../support/programs.ts';

const HEAD = `global
  stats socket FOLDER/admin.sock level admin
  max-spread-checks 1ms
  external-check
  insecure-fork-wanted
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
  default-server check inter 1s rise 1 fall 1
`;

/** Lines of `show stat`; none while the runtime socket, which may open after the listener, is not there yet. */
async function rowsOf(daemon: Daemon): Promise<Record<string, string>[]> {
  return await daemon.statistics().catch(() => []);
}

/** A shell script that runs as `command`. */
function script(folder: string, name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return path;
}

async function said(daemon: Daemon, backend: string, status: string, server = 's'): Promise<Record<string, string>> {
  let row: Record<string, string> = {};
  await until(`${backend}/${server} is ${status}`, async () => {
    row = (await rowsOf(daemon)).find((each) => each['pxname'] === backend && each['svname'] === server) ?? {};
    return row['check_status'] === status;
  });
  return row;
}

/** Runs a program on servers of every kind and returns what each run was told. */
async function told(program: string | undefined): Promise<Record<string, string>> {
  using folder = new TemporaryFolder();
  const command = script(
    folder.path,
    'tell',
    `{ for word in "$@"; do echo "argument $word"; done; /usr/bin/env | /usr/bin/grep -vE '^(PWD|SHLVL|OLDPWD|_)=' | /usr/bin/sort; } >${folder.path}/$HAPROXY_PROXY_NAME.$HAPROXY_SERVER_NAME.new
/bin/mv ${folder.path}/$HAPROXY_PROXY_NAME.$HAPROXY_SERVER_NAME.new ${folder.path}/$HAPROXY_PROXY_NAME.$HAPROXY_SERVER_NAME`,
  );
  const [port, other] = await freePorts(2);
  await using daemon = await Daemon.start(
    `${HEAD}  option external-check
  external-check command ${command}
backend plain
  external-check path "/usr/bin:/bin"
  server ok 127.0.0.1:8080 maxconn 7
  server six [::1]:8081 id 77
  server other 127.0.0.1:8081 port 99 addr 127.0.0.2
  server local ${folder.path}/server.sock
  server abstract abns@server
listen two
  bind 127.0.0.1:${port}
  bind :${other}
  server s 127.0.0.1:80
listen any
  mode tcp
  bind :::${other} v6only
  server s 127.0.0.1:80
listen local
  bind ${folder.path}/front.sock
  server s 127.0.0.1:80
`,
    { port, ...(program === undefined ? {} : { program }), environment: { SECRET: 'not for programs' } },
  );
  const names = [
    ...['ok', 'six', 'other', 'local', 'abstract'].map((name) => `plain.${name}`),
    'two.s',
    'any.s',
    'local.s',
  ];
  await until('every server was checked', () => names.every((name) => existsSync(join(folder.path, name))));
  const hide = (text: string): string =>
    text.replaceAll(folder.path, 'FOLDER').replaceAll(String(port), 'PORT').replaceAll(String(other), 'OTHER');
  assert.ok(daemon.running);
  return Object.fromEntries(names.map((name) => [name, hide(readFileSync(join(folder.path, name), 'latin1'))]));
}

test("arguments and environment are HAProxy's", { skip: missing('haproxy'), timeout: 60_000 }, async () => {
  const ours = await told(undefined);
  assert.deepEqual(ours, await told('/usr/sbin/haproxy'));
  assert.doesNotMatch(JSON.stringify(ours), /SECRET/);
});

test('the end of a program is the finding', { timeout: 60_000 }, async () => {
  using folder = new TemporaryFolder();
  const backend = (name: string, command: string): string =>
    `backend ${name}\n  option external-check\n  external-check path /usr/bin:/bin\n  external-check command ${command}\n  server s 127.0.0.1:80\n`;
  const [port] = await freePorts(1);
  await using daemon = await Daemon.start(
    `${HEAD}listen alive\n  bind 127.0.0.1:${port}
${backend('good', '/bin/true')}${backend('found', 'true')}${backend('bad', script(folder.path, 'bad', 'exit 3'))}
${backend('killed', script(folder.path, 'killed', 'kill -9 $$'))}${backend('absent', '/nowhere/at-all')}
${backend('closed', '/etc/passwd')}${backend('slow', script(folder.path, 'slow', 'exec sleep 60'))}`,
    { port },
  );
  assert.equal((await said(daemon, 'good', 'PROCOK'))['check_code'], '0');
  await said(daemon, 'found', 'PROCOK');
  assert.equal((await said(daemon, 'bad', 'PROCERR'))['check_code'], '3');
  assert.equal((await said(daemon, 'killed', 'PROCERR'))['check_code'], '137');
  assert.equal((await said(daemon, 'absent', 'PROCERR'))['check_code'], '255');
  assert.equal((await said(daemon, 'closed', 'PROCERR'))['check_code'], '255');
  assert.equal((await said(daemon, 'slow', 'PROCTOUT'))['status'], 'DOWN');
  for (const [name, reason] of [
    ['bad', 'error, code: 3'],
    ['slow', 'timeout, code: 0'],
  ]) {
    const line = new RegExp(`${name}/s is DOWN, reason: External check ${reason}, check duration: \\d+ms`);
    await until(`the line of ${name}`, () => line.test(daemon.output));
  }
});

/** Processes whose command line holds the text, by what /proc says of them. */
function processes(text: string): { readonly pid: number; readonly state: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'latin1');
      const state = /^State:\s+(\w)/m.exec(readFileSync(`/proc/${name}/status`, 'latin1'))?.[1] ?? '';
      return command.includes(text) && Number(name) !== process.pid ? [{ pid: Number(name), state }] : [];
    } catch {
      return [];
    }
  });
}

/** Processes that ended and that their parent has not taken note of. */
function zombiesOf(parent: number): number {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const status = readFileSync(`/proc/${name}/status`, 'latin1');
      return status.includes(`\nPPid:\t${parent}\n`) && /^State:\s+Z/m.test(status);
    } catch {
      return false;
    }
  }).length;
}

test(
  'a time-out ends the program and what it has started; none is left as a zombie or after the end of the daemon',
  {
    timeout: 60_000,
  },
  async () => {
    using folder = new TemporaryFolder();
    // The sleep of a shell that ignores the polite signal, beside one in the background.
    const command = script(
      folder.path,
      'stubborn',
      `trap '' TERM\nsleep 61 "${folder.path}" 2>/dev/null &\nsleep 3601 & wait; sleep 3602`,
    );
    const [port] = await freePorts(1);
    await using daemon = await Daemon.start(
      `${HEAD}listen alive\n  bind 127.0.0.1:${port}
backend slow
  option external-check
  external-check path /usr/bin:/bin
  external-check command ${command}
  server s 127.0.0.1:80 inter 300ms
`,
      { port },
    );
    await said(daemon, 'slow', 'PROCTOUT');
    // One check runs at a time; one that was told to end may still be there for the moment that it has for it.
    await until('several checks have come and gone', async () => {
      const text = await daemon.statistic('slow', 's', 'check_status');
      return text.includes('PROCTOUT') && processes(folder.path).length <= 6;
    });
    await until('no zombie waits for the daemon', () => zombiesOf(daemon.pid) === 0);
    await daemon.stop();
    await until('nothing of it is left', () => processes(folder.path).length === 0);
  },
);

test('a program gets standard descriptors alone', { timeout: 60_000 }, async () => {
  using folder = new TemporaryFolder();
  const out = join(folder.path, 'descriptors');
  const command = script(folder.path, 'list', `ls /proc/self/fd >${out}.new\nexec mv ${out}.new ${out}`);
  const [port] = await freePorts(1);
  await using daemon = await Daemon.start(
    `${HEAD}listen alive\n  bind 127.0.0.1:${port}
backend b
  option external-check
  external-check path /usr/bin:/bin
  external-check command ${command}
  server s 127.0.0.1:80
`,
    // As a service manager or a shell may leave them open.
    { port, launcher: ['sh', '-c', 'exec 7</dev/null 9</dev/null; exec "$@"', 'sh'] },
  );
  await said(daemon, 'b', 'PROCOK');
  const open = readFileSync(out, 'latin1').trim().split('\n').map(Number);
  // 3 is what `ls` itself reads.
  assert.deepEqual(open, [0, 1, 2, 3]);
});

test('many programs run only so many at a time, and all servers are checked', { timeout: 90_000 }, async () => {
  using folder = new TemporaryFolder();
  const command = script(folder.path, 'short', 'sleep 0.2');
  const [port] = await freePorts(1);
  const servers = Array.from({ length: 150 }, (_, at) => `  server s${at} 127.0.0.1:80 inter 20s`);
  await using daemon = await Daemon.start(
    `${HEAD}listen alive\n  bind 127.0.0.1:${port}
backend many
  option external-check
  external-check path /usr/bin:/bin
  external-check command ${command}
${servers.join('\n')}
`,
    { port },
  );
  let most = 0;
  await until(
    'all were checked',
    async () => {
      most = Math.max(most, processes(command).length);
      const rows = (await rowsOf(daemon)).filter((row) => row['pxname'] === 'many' && row['svname'] !== 'BACKEND');
      return rows.length === 150 && rows.every((row) => row['check_status'] === 'PROCOK');
    },
    60_000,
  );
  assert.ok(most > 1 && most <= 32 * 64, `${most} at once`);
});

test(
  'option ping-check: a host that answers, and an address that nobody has',
  {
    skip: missing('ping'),
    timeout: 60_000,
  },
  async () => {
    const [port] = await freePorts(1);
    await using daemon = await Daemon.start(
      `${HEAD}listen alive\n  bind 127.0.0.1:${port}
backend hosts
  option ping-check
  server here 127.0.0.1
  server six [::1]:80
  server nowhere 127.0.0.1:80 addr 240.0.0.1 inter 500ms
`,
      { port },
    );
    await said(daemon, 'hosts', 'L4OK', 'here');
    const row = await until(
      'the other is down',
      async () => (await daemon.statistic('hosts', 'nowhere', 'status')) === 'DOWN',
    ).then(async () => await daemon.statistic('hosts', 'nowhere', 'check_status'));
    assert.match(row, /L4TOUT|L4CON|SOCKERR/);
    assert.match(await daemon.statistic('hosts', 'here', 'status'), /^UP/);
  },
);
