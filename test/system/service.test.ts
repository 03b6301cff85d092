/**
 * The life of the process as operators and service managers see it: `evenkeel reload|stop|status`, the master's socket, what
 * signals make it say, systemd's notifications, CPUs and threads that a reload changes, and a new process that takes over.
 */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { connect, createServer } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { converse } from '../support/conversation.ts';
import { Daemon, EVENKEEL, accepts, freePorts, until } from '../support/daemon.ts';

interface Outcome {
  readonly status: number;
  readonly text: string;
}

/** Runs `evenkeel …` to its end. */
async function evenkeel(...words: string[]): Promise<Outcome> {
  return await new Promise((resolve) => {
    execFile(EVENKEEL, words, { encoding: 'latin1' }, (error, stdout, stderr) => {
      resolve({ status: typeof error?.code === 'number' ? error.code : 0, text: stdout + stderr });
    });
  });
}

const configuration = (port: number, globals = ''): string => `global
    stats socket FOLDER/admin.sock level admin
    ${globals}
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
listen web
    bind 127.0.0.1:${port}
    http-request return status 200
`;

test('evenkeel reload, status and stop by a pid file', async (context) => {
  const [port] = await freePorts(1);
  await using daemon = await Daemon.start(configuration(port, 'pidfile FOLDER/pid'), { port });
  const pidFile = join(daemon.folder, 'pid');

  await context.test('status tells what serves', async () => {
    const { status, text } = await evenkeel('status', '-p', pidFile);
    assert.equal(status, 0, text);
    assert.match(text, new RegExp(`^Pid: ${daemon.pid}$`, 'm'));
    assert.match(text, /^State: running\n/);
    assert.match(text, /^Generation: 1\n/m);
    assert.match(text, /^Last_load_by: start\n/m);
  });

  await context.test('who listens under the name of another process is neither believed nor in the way', async () => {
    const namespace = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0];
    const others = Array.from({ length: 8 }, (_, number) =>
      createServer((socket) => {
        // Who does not believe it may reset the connection.
        socket.on('error', () => socket.destroy());
        socket.end('{"ok":true,"text":"State: anything\\n"}\n');
      }).listen(`\0evenkeel/${namespace}/${daemon.pid}/${number}`.padEnd(108, '\0')),
    );
    try {
      await Promise.all(others.map(async (server) => await once(server, 'listening')));
      const { status, text } = await evenkeel('status', '-p', pidFile);
      assert.equal(status, 0, text);
      assert.match(text, /^State: running\n/);
      writeFileSync(join(daemon.folder, 'own.pid'), `${process.pid}\n`);
      assert.equal((await evenkeel('status', '-p', join(daemon.folder, 'own.pid'))).status, 4);
    } finally {
      for (const server of others) server.close();
    }
  });

  await context.test('a reload ends when the new configuration serves, without -W too', async () => {
    const [other] = await freePorts(1);
    const text = readFileSync(daemon.configurationFile, 'latin1');
    writeFileSync(daemon.configurationFile, text.replace('http-request', `bind 127.0.0.1:${other}\n    http-request`));
    const { status, text: said } = await evenkeel('reload', '-p', pidFile);
    assert.equal(status, 0, said);
    assert.ok(await accepts(other));
    assert.match(await daemon.ask('show config status'), /^Generation: 2\n[^]*^Reloads: 1\n/m);
  });

  await context.test('a file that is wrong changes nothing, and its errors are shown', async () => {
    const text = readFileSync(daemon.configurationFile, 'latin1');
    writeFileSync(daemon.configurationFile, `${text}    bogus\n`);
    const { status, text: said } = await evenkeel('reload', '-p', pidFile);
    assert.equal(status, 1);
    assert.match(said, /unknown keyword 'bogus'/);
    assert.match(said, /the old one goes on serving/);
    const told = JSON.parse(await daemon.ask('show config status json')) as Record<string, unknown>;
    assert.equal(told['generation'], 2);
    assert.equal(told['failedSinceSuccess'], 1);
    assert.match(await daemon.ask('show config status'), /^Last_load: failure\n[^]*bogus/m);
    writeFileSync(daemon.configurationFile, text);
  });

  await context.test('reloads that are asked for at once come one after another', async () => {
    const outcomes = await Promise.all([1, 2, 3].map(async () => await evenkeel('reload', '-p', pidFile)));
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      [0, 0, 0],
    );
    assert.match(await daemon.ask('show config status'), /^Generation: 5\n/m);
  });

  await context.test('a stop that waits for a connection goes on, can be watched and be made a hard one', async () => {
    const client = connect(port, '127.0.0.1');
    client.on('error', () => {});
    try {
      client.write('GET / HTTP/1.1\r\n');
      await until('it is counted', async () => (await daemon.statistic('web', 'FRONTEND', 'scur')) === '1');
      const soft = await evenkeel('stop', '-p', pidFile, '--timeout', '0');
      assert.equal(soft.status, 1);
      assert.match(soft.text, /connections are still open; 'evenkeel stop --now' ends them/);
      const watched = await evenkeel('status', '-p', pidFile);
      assert.equal(watched.status, 0, watched.text);
      assert.match(watched.text, /^State: stopping\n/);
      assert.match((await evenkeel('reload', '-p', pidFile)).text, /this process is stopping/);
    } finally {
      client.destroy();
    }
  });

  await context.test('stop returns when the process is gone', async () => {
    const { status, text } = await evenkeel('stop', '-p', pidFile, '--now');
    assert.equal(status, 0, text);
    assert.ok([0, 'SIGTERM'].includes(await daemon.exited()));
    assert.equal(existsSync(`/proc/${daemon.pid}`), false);
  });

  await context.test('after that there is nothing to reload', async () => {
    assert.equal((await evenkeel('status', '-p', pidFile)).status, 3);
    assert.equal((await evenkeel('reload', '-p', pidFile)).status, 7);
    assert.equal((await evenkeel('stop', '-p', pidFile)).status, 0);
  });
});

test('with --strict a reload with advice changes nothing', async () => {
  const [port, other] = await freePorts(2);
  await using daemon = await Daemon.start(configuration(port, 'pidfile FOLDER/pid'), {
    port,
    flags: ['-db', '--strict'],
  });
  const pidFile = join(daemon.folder, 'pid');
  const text = readFileSync(daemon.configurationFile, 'latin1');
  const edited = text.replace('http-request', `bind 127.0.0.1:${other}\n    http-request`);
  writeFileSync(daemon.configurationFile, `${edited}backend spare\n    server s1 127.0.0.1:1\n`);
  const refused = await evenkeel('reload', '-p', pidFile);
  assert.equal(refused.status, 1, refused.text);
  assert.match(refused.text, /\[unused-backend\]/);
  assert.match(refused.text, /Some warnings were found and '--strict' is set\. Aborting\./);
  assert.match(refused.text, /the old one goes on serving/);
  assert.match(await daemon.ask('show config status'), /^Generation: 1\n[^]*^Last_load: failure\n/m);
  assert.ok(await accepts(port));
  assert.ok(!(await accepts(other)));

  writeFileSync(daemon.configurationFile, edited);
  const taken = await evenkeel('reload', '-p', pidFile);
  assert.equal(taken.status, 0, taken.text);
  assert.ok(await accepts(other));
});

test('pid files that lead nowhere: dead, a stranger, garbage', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-test-'));
  const stranger = spawn('sleep', ['60']);
  try {
    const file = join(folder, 'pid');
    const gone = spawn('true');
    await new Promise((resolve) => gone.once('exit', resolve));
    writeFileSync(file, `${gone.pid}\n`);
    assert.equal((await evenkeel('status', '-p', file)).status, 1);
    writeFileSync(file, `${stranger.pid}\n`);
    const { status, text } = await evenkeel('reload', '-p', file);
    assert.equal(status, 1);
    assert.match(text, /does not answer as evenkeel does/);
    assert.notEqual((await evenkeel('stop', '-p', file)).status, 0);
    assert.equal(stranger.exitCode, null, 'a process that is not ours is left alone');
    writeFileSync(file, 'abc');
    assert.equal((await evenkeel('status', '-p', file)).status, 4);
    assert.equal((await evenkeel('reload')).status, 2);
  } finally {
    stranger.kill();
    rmSync(folder, { recursive: true });
  }
});

test("the master's socket: processes, addressees, prompts and reloads", async () => {
  const [port] = await freePorts(1);
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-test-'));
  try {
    const master = { path: join(folder, 'master.sock') };
    const ask = async (text: string): Promise<string> => await converse(master, text, true);
    await using daemon = await Daemon.start(configuration(port), { port, flags: ['-W', '-S', master.path] });
    const { pid } = daemon;
    await until('the socket is there', () => existsSync(master.path));
    const proc = await ask('show proc\n');
    assert.match(
      proc,
      new RegExp(`^#<PID> +<type> +<reloads> +<uptime> +<version> +\n${pid} +master +0 \\[failed: 0\\] `),
    );
    assert.match(proc, new RegExp(`^# workers\n${pid} +worker +0 +0d00h`, 'm'));
    for (const prefix of ['@1', `@!${pid}`]) assert.match(await ask(`${prefix} show info\n`), /^Name: HAProxy\n/);
    assert.match(await ask('show info\n'), /^Unknown command/);
    // What HAProxy 2.6 answers to the same, to the last line feed.
    assert.equal(
      await ask('prompt\n@2 show info\nshow version\n'),
      "master> Can't find the target PID matching the prefix '@2'\n",
    );
    assert.equal(
      await ask('operator; @1 show cli level; user; operator; show version\n'),
      'operator\n\nPermission denied!\n',
    );
    assert.match(
      await ask('prompt\n@1\nshow cli level\n@\nexpert-mode on\nexperimental-mode on\nmcli-debug-mode on\nquit\n'),
      new RegExp(`^master> ${pid}> admin\\n\\n${pid}> master> master\\(e\\)> master\\(xe\\)> master\\(xed\\)> $`),
    );
    assert.match(await ask('@1 show stat\n'), /^# pxname,/);
    const talk = await ask('prompt\n@1\nshow cli level\n@master\nshow version\nquit\n');
    assert.match(talk, new RegExp(`master> [^]*${pid}> admin\n\n${pid}> [^]*master> 2\\.6\\.`));
    assert.match(await ask('reload\n'), /^Success=1\n--\n.*Loading success/);
    const text = readFileSync(daemon.configurationFile, 'latin1');
    writeFileSync(daemon.configurationFile, `${text}    bogus\n`);
    assert.match(await ask('reload\n'), /^Success=0\n--\n[^]*unknown keyword 'bogus'/);
    assert.match(await ask('show proc\n'), new RegExp(`^${pid} +master +2 \\[failed: 1\\] `, 'm'));
    assert.match(await ask('show startup-logs\n'), /unknown keyword 'bogus'/);
    assert.match(await ask('show proc\n'), new RegExp(`^${pid} +worker +1 `, 'm'));
    assert.match(await ask('prompt\n@1\nquit\n'), new RegExp(`^master\\[ReloadFailed\\]> ${pid}> $`));
    assert.equal(await ask('user; reload\n'), 'Permission denied\n\n');
    daemon.signal('SIGTERM');
    assert.equal(await daemon.exited(), 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

for (const program of ['haproxy', EVENKEEL])
  test(`fd-hard-limit bounds descriptors and what follows from them (${program === EVENKEEL ? 'evenkeel' : program})`, async () => {
    const [port] = await freePorts(1);
    await using daemon = await Daemon.start(configuration(port, 'fd-hard-limit 500'), { port, program });
    const info = await daemon.ask('show info');
    assert.match(info, /^Ulimit-n: 500$/m);
    assert.ok(Number(/^Maxconn: (\d+)$/m.exec(info)?.[1]) < 250, info);
  });

for (const program of ['haproxy', EVENKEEL])
  test(`signals without a master: HUP, TTOU, TTIN, QUIT (${program === EVENKEEL ? 'evenkeel' : program})`, async () => {
    const [port] = await freePorts(1);
    const servers = '    server up 127.0.0.1:9\n    server out 127.0.0.1:9 disabled\n';
    await using daemon = await Daemon.start(configuration(port) + servers, { port, program });
    daemon.signal('SIGHUP');
    await until('the states are told', () => daemon.output.includes('Proxy web has'));
    assert.match(daemon.output, /SIGHUP received, dumping servers states\./);
    assert.match(daemon.output, /SIGHUP: Server web\/up is UP\. Conn: 0 act, 0 pend, 0 tot\./);
    assert.match(daemon.output, /SIGHUP: Server web\/out is DOWN\. Conn: 0 act, 0 pend, 0 tot\./);
    assert.match(
      daemon.output,
      /SIGHUP: Proxy web has 1 active servers and 0 backup servers available\. Conn: act\(FE\+BE\): \d+\+0,/,
    );
    daemon.signal('SIGTTOU');
    await until('nothing is accepted', async () => !(await accepts(port)));
    await until('that is said', () => daemon.output.includes('Paused proxy web.'));
    daemon.signal('SIGTTIN');
    await until('it is accepted again', async () => await accepts(port));
    await until('that is said', () => daemon.output.includes('Resumed proxy web.'));
    daemon.signal('SIGQUIT');
    await until('memory is told', () => daemon.output.includes('Dumping pools usage.'));
    daemon.signal('SIGUSR2');
    daemon.signal('SIGUSR1');
    assert.equal(await daemon.exited(), 0);
    assert.match(daemon.output, /Proxy web stopped \(cumulated conns: FE: \d+, BE: \d+\)\./);
  });

test('grace: connections are taken until it is over', async () => {
  const [port] = await freePorts(1);
  await using daemon = await Daemon.start(configuration(port, 'grace 1s'), { port });
  daemon.signal('SIGUSR1');
  // The stop begins later than the signal was heard: until then both it and its proxies are there.
  let accepted = 0;
  while (daemon.running && !daemon.output.includes('Proxy web stopped')) if (await accepts(port)) accepted++;
  assert.equal(await daemon.exited(), 0);
  assert.ok(accepted > 0);
});

test('cpu-map and nbthread follow reloads', { skip: availableParallelism() < 2 && 'there is one CPU' }, async () => {
  const [port] = await freePorts(1);
  await using daemon = await Daemon.start(configuration(port, 'nbthread 2\n    cpu-map auto:1/1-2 0-1'), {
    port,
    flags: ['-W'],
  });
  /** CPUs of each data thread. */
  const cpus = (): Record<string, string> => {
    const tasks = `/proc/${daemon.pid}/task`;
    return Object.fromEntries(
      readdirSync(tasks).flatMap((task) => {
        try {
          const name = readFileSync(join(tasks, task, 'comm'), 'latin1').trim();
          const [, list] =
            /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync(join(tasks, task, 'status'), 'latin1')) ?? [];
          return name.startsWith('data-') ? [[name, list]] : [];
        } catch {
          return [];
        }
      }),
    );
  };
  assert.deepEqual(cpus(), { 'data-1': '0', 'data-2': '1' });
  const everywhere = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '';
  await daemon.reload(configuration(port, 'nbthread 3'));
  assert.deepEqual(cpus(), { 'data-1': everywhere, 'data-2': everywhere, 'data-3': everywhere });
  await daemon.reload(configuration(port, 'nbthread 1\n    cpu-map 1/1 1'));
  await until('two threads are gone', () => Object.keys(cpus()).length === 1);
  assert.deepEqual(cpus(), { 'data-1': '1' });
  assert.match(await daemon.reload(configuration(port, 'nbthread 1\n    cpu-map 1/1 1000')), /cannot run on CPU 1000/);
});

test('a service manager hears when the process serves, reloads, lives and stops (-Ws)', async () => {
  const [port] = await freePorts(1);
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-test-'));
  const path = join(folder, 'notify');
  const receiver = spawn('socat', ['-u', `UNIX-RECV:${path}`, 'STDOUT']);
  try {
    let heard = '';
    receiver.stdout.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
    await until('somebody listens', () => existsSync(path));
    // The keyword does not send away a process that systemd waits for; Debian's file has it.
    await using daemon = await Daemon.start(configuration(port).replace('global\n', 'global\n    daemon\n'), {
      port,
      flags: ['-Ws'],
      environment: { NOTIFY_SOCKET: path, WATCHDOG_USEC: '400000' },
    });
    await until('it is ready', () => heard.includes('READY=1'));
    assert.match(heard, new RegExp(`^READY=1\nMAINPID=${daemon.pid}\nSTATUS=Serving\\.`));
    await until('the watchdog is fed', () => heard.includes('WATCHDOG=1'));
    heard = '';
    await daemon.reload(`${configuration(port)}    bogus\n`);
    await until('the reload is over', () => heard.includes('READY=1'));
    assert.match(heard, /RELOADING=1\nMONOTONIC_USEC=\d+\n[^]*READY=1\n[^]*STATUS=Serving; the last reload failed/);
    daemon.signal('SIGUSR1');
    await until('it says that it stops', () => heard.includes('STOPPING=1'));
    assert.equal(await daemon.exited(), 0);
  } finally {
    receiver.kill();
    rmSync(folder, { recursive: true });
  }
});

test(
  'systemd understands the unit file',
  { skip: !existsSync('/usr/bin/systemd-analyze') && 'systemd-analyze is not installed' },
  async () => {
    const file = join(import.meta.dirname, '../../docs/evenkeel.service');
    const output = await new Promise<string>((resolve) => {
      execFile('systemd-analyze', ['verify', file], { encoding: 'latin1' }, (error, stdout, stderr) =>
        resolve(stdout + stderr + (error?.message ?? '')),
      );
    });
    assert.doesNotMatch(output, /evenkeel\.service|Command failed/);
  },
);

test('a new process takes over by -sf, and nobody who connects meanwhile notices', async () => {
  const [port] = await freePorts(1);
  await using first = await Daemon.start(configuration(port), { port });
  const agents = [new Agent({ keepAlive: true }), false] as const;
  const failures: string[] = [];
  let answers = 0;
  let isOver = false;
  const clients = [...agents, ...agents].map(async (agent) => {
    while (!isOver) {
      try {
        await new Promise<void>((resolve, reject) => {
          get({ host: '127.0.0.1', port, agent }, (response) => {
            response.resume().once('end', resolve);
          }).once('error', reject);
        });
        answers++;
      } catch (error) {
        // Between two requests a connection may be closed: who sends the next one meets that on any server.
        if (agent === false) failures.push((error as Error).message);
      }
    }
  });
  const goesOn = async (): Promise<void> => {
    const goal = answers + 200;
    await until('clients go on', () => answers >= goal);
  };
  try {
    await goesOn();
    const text = readFileSync(first.configurationFile, 'latin1').replaceAll(first.folder, 'FOLDER');
    // The new one takes the path of the runtime socket from the old one.
    await using second = await Daemon.start(text.replaceAll('FOLDER/admin.sock', join(first.folder, 'admin.sock')), {
      port,
      arguments: ['-sf', String(first.pid)],
    });
    assert.equal(await first.exited(), 0);
    await goesOn();
    const info = await converse({ path: join(first.folder, 'admin.sock') }, 'show info\n');
    assert.match(info, new RegExp(`^Pid: ${second.pid}$`, 'm'));
    isOver = true;
    await Promise.all(clients);
  } finally {
    isOver = true;
    await Promise.all(clients);
    agents[0].destroy();
  }
  assert.deepEqual(failures, []);
});
