/**
 * Runtime sockets over reloads and beside other processes: they follow the file in two phases, and nobody loses a socket to a
 * process that then does not start.
 */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, NetConnectOpts } from 'node:net';
import { join } from 'node:path';
import { converse } from '../support/conversation.ts';
import { Daemon, EVENKEEL, accepts, freePorts } from '../support/daemon.ts';
import { missing, run as runProgram } from '../support/programs.ts';

const TIMEOUTS = 'defaults\n    timeout client 5s\n    timeout server 5s\n    timeout connect 5s\n';

const ask = async (target: NetConnectOpts, command: string): Promise<string> => await converse(target, `${command}\n`);

test('a reload follows stats socket, stats timeout, stats maxconn and node', async () => {
  const [port, inet] = await freePorts(2);
  const configuration = (global: string): string =>
    `global\n    stats socket FOLDER/admin.sock level admin\n${global}${TIMEOUTS}listen a\n    bind 127.0.0.1:${port}\n`;
  await using daemon = await Daemon.start(
    configuration('    node first\n    stats socket FOLDER/gone.sock level user\n'),
    { port, flags: ['-W'] },
  );
  const at = (name: string): { readonly path: string } => ({ path: join(daemon.folder, name) });
  const inode = statSync(at('admin.sock').path).ino;
  assert.match(await daemon.ask('show info'), /^node: first$/m);
  assert.equal(await ask(at('gone.sock'), 'show cli level'), 'user\n\n');
  // A conversation that is open stays open.
  const conversation = connect(at('admin.sock').path);
  conversation.write('prompt\n');
  await new Promise((resolve) => conversation.once('data', resolve));

  const said = await daemon.reload(
    configuration(
      `    node second\n    stats socket FOLDER/new.sock mode 600 level operator\n    stats socket localhost:${inet} level user\n    stats timeout 1s\n    stats maxconn 2\n`,
    ),
  );
  assert.match(said, /Loading success \(generation 2\)/);
  assert.equal(statSync(at('admin.sock').path).ino, inode);
  assert.match(await daemon.ask('show info'), /^node: second$/m);
  assert.equal(existsSync(at('gone.sock').path), false);
  assert.equal(statSync(at('new.sock').path).mode & 0o777, 0o600);
  assert.equal(await ask(at('new.sock'), 'show cli level'), 'operator\n\n');
  const answers = await Promise.allSettled(
    ['127.0.0.1', '::1'].map(async (host) => await ask({ host, port: inet }, 'show cli level')),
  );
  assert.ok(answers.some((answer) => answer.status === 'fulfilled' && answer.value === 'user\n\n'));
  // With the old conversation that is one too many: it waits until `stats timeout` ends the other.
  const idle = connect(at('new.sock').path);
  const idleEnds = new Promise((resolve) => idle.once('close', resolve));
  await new Promise((resolve) => idle.once('connect', resolve));
  assert.equal(await ask(at('new.sock'), 'show cli level'), 'operator\n\n');
  await idleEnds;
  conversation.write('show cli level\n');
  const level = await new Promise<string>((resolve) => conversation.once('data', (chunk) => resolve(String(chunk))));
  assert.match(level, /^admin\n/);
  conversation.destroy();

  assert.match(
    await daemon.reload(configuration('    stats socket FOLDER/new.sock mode 600 level admin\n')),
    /Loading success \(generation 3\)/,
  );
  assert.equal(await ask(at('new.sock'), 'show cli level'), 'admin\n\n');
  assert.equal(await accepts(inet), false);
});

test('interface, backlog and v6only of a stats socket line', { skip: missing('ss') }, async () => {
  const [port, bound, six] = await freePorts(3);
  await using daemon = await Daemon.start(
    `global
    stats socket ipv4@127.0.0.1:${bound} level user interface lo backlog 7
    stats socket ipv6@:${six} level user v6only
${TIMEOUTS}listen a
    bind 127.0.0.1:${port}
`,
    { port },
  );
  const { stdout } = await runProgram('ss', ['-Hltn']);
  const lines = stdout.toString().split('\n');
  assert.ok(
    lines.some((line) => new RegExp(`^LISTEN +0 +7 +127\\.0\\.0\\.1%lo:${bound} `).test(line)),
    stdout.toString(),
  );
  assert.ok(
    lines.some((line) => line.includes(`[::]:${six} `)),
    stdout.toString(),
  );
  assert.match(await ask({ port: six, host: '::1' }, 'show version'), /^2\.6/);
  await assert.rejects(ask({ port: six, host: '127.0.0.1' }, 'show version'));
  assert.doesNotMatch(daemon.output, /WARNING|ALERT/);
});

test('a stats socket that cannot be bound makes the reload fail, and nothing changes', async () => {
  const [port, added] = await freePorts(2);
  const configuration = (global: string, extra: string): string =>
    `global\n    stats socket FOLDER/admin.sock level admin\n${global}${TIMEOUTS}listen a\n    bind 127.0.0.1:${port}\n${extra}`;
  await using daemon = await Daemon.start(configuration('    node first\n', ''), { port, flags: ['-W'] });
  const refused = async (global: string, why: RegExp): Promise<void> => {
    const said = await daemon.reload(
      configuration(`    node second\n${global}`, `    bind 127.0.0.1:${added}\n    bind unix@FOLDER/web.sock\n`),
    );
    assert.match(said, why);
    assert.match(said, /was not applied/);
    assert.match(await daemon.ask('show info'), /^node: first$/m);
    assert.equal(await accepts(added), false);
    for (const name of ['web.sock', 'new.sock']) assert.equal(existsSync(join(daemon.folder, name)), false);
  };
  await refused(
    '    stats socket FOLDER/new.sock\n    stats socket FOLDER/none/x.sock\n',
    /Binding \[.*:5\] for frontend GLOBAL: cannot bind UNIX socket \(No such file or directory\) \[.*\/none\/x\.sock\]/,
  );
  await refused(
    '    stats socket FOLDER/new.sock\n    stats socket name.invalid:1234\n',
    /Binding \[.*:5\] for frontend GLOBAL: cannot resolve the host of \[name\.invalid:1234\]/,
  );
  // What fails last is the path: a folder is there.
  mkdirSync(join(daemon.folder, 'taken'));
  await refused('    stats socket FOLDER/new.sock\n    stats socket FOLDER/taken\n', /Binding .* \[.*\/taken\]/);
});

for (const user of ['', '    user nobody\n    group nogroup\n']) {
  const as = user === '' ? '' : ', as another user';
  test(`a process that does not start leaves socket and pid file of the one that serves${as}`, async (context) => {
    if (user !== '' && process.getuid?.() !== 0) return context.skip('only root can become another user');
    const [port, other] = await freePorts(2);
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    context.after(() => holder.close());
    const { port: taken } = holder.address() as AddressInfo;
    const configuration = (ports: readonly number[]): string =>
      `global\n${user}    stats socket FOLDER/admin.sock level admin\n    pidfile FOLDER/pid\n${TIMEOUTS}listen a\n${ports.map((each) => `    bind 127.0.0.1:${each}\n`).join('')}`;
    await using daemon = await Daemon.start(configuration([port]), { port });
    const pid = readFileSync(join(daemon.folder, 'pid'), 'latin1');
    assert.equal(pid, `${daemon.pid}\n`);
    const file = join(daemon.folder, 'second.cfg');
    // A port that is taken is found out by the data threads, after everything that main opens.
    writeFileSync(file, configuration([other, taken]).replaceAll('FOLDER', daemon.folder));
    const { status, stderr } = await run(['-db', '-f', file]);
    assert.equal(status, 1);
    assert.match(
      stderr,
      new RegExp(`cannot bind socket \\(Address already in use\\) for \\[127\\.0\\.0\\.1:${taken}\\]`),
    );
    assert.match(await daemon.ask('show info'), new RegExp(`^Pid: ${daemon.pid}$`, 'm'));
    assert.equal(readFileSync(join(daemon.folder, 'pid'), 'latin1'), pid);
    // One that starts takes both over.
    await using second = await Daemon.start(configuration([other]).replaceAll('FOLDER', daemon.folder), {
      port: other,
    });
    assert.match(await daemon.ask('show info'), new RegExp(`^Pid: ${second.pid}$`, 'm'));
    assert.equal(readFileSync(join(daemon.folder, 'pid'), 'latin1'), `${second.pid}\n`);
    return undefined;
  });
}

async function run(args: readonly string[]): Promise<{ readonly status: number; readonly stderr: string }> {
  return await new Promise((resolve) => {
    execFile(EVENKEEL, args, { timeout: 20_000 }, (error, _stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stderr });
    });
  });
}
