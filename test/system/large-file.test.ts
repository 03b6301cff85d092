/**
 * Reloads of a file that is large enough to be read on a thread of its own (`-W`, SIGUSR2): what is said of it, what comes of
 * it, and what becomes of the thread when the process ends meanwhile.
 */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { Daemon, freePorts, until } from '../support/daemon.ts';
import { RawServer, ask } from '../support/http.ts';

const FILLERS = 400;
const SERVERS = 16;

/** About 300,000 bytes beside the sections that serve. */
function configuration(port: number, server: number, { turn, more = '' }: { turn: number; more?: string }): string {
  const servers = Array.from(
    { length: SERVERS },
    (_, at) => `    server f${at} 127.0.0.1:${server} weight ${at + 1}\n`,
  );
  const fillers = Array.from({ length: FILLERS }, (_, index) => `backend filler${index}\n${servers.join('')}`);
  return `global
    nbthread 2
    stats socket FOLDER/admin.sock level admin
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
frontend web
    bind 127.0.0.1:${port}
    http-request return status 200 content-type text/plain string turn${turn} if { path /turn }
    use_backend %[path,field(2,/)] if { path_beg /filler }
    default_backend app
backend app
    server s1 127.0.0.1:${server}
${fillers.join('')}${more}`;
}

async function start(): Promise<AsyncDisposableStack & { daemon: Daemon; port: number; server: number }> {
  const resources = new AsyncDisposableStack();
  const server = await RawServer.start((socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
  });
  resources.use(server);
  const [port] = await freePorts(1);
  const daemon = await Daemon.start(configuration(port, server.port, { turn: 0 }), { port, flags: ['-W'] });
  resources.use(daemon);
  return Object.assign(resources, { daemon, port, server: server.port });
}

test('what a large file says counts after the reload, and what it warns of is shown and kept', async () => {
  await using setup = await start();
  const { daemon, port, server } = setup;
  // A weight that was changed while it ran stays, also of a backend that no stream has used.
  await daemon.ask('set weight filler7/f0 40%; set weight filler7/f1 7');
  const more = 'backend lazy\n    timeout server 5\n    server l1 127.0.0.1:1\n    option httplog\n';
  const said = await daemon.reload(configuration(port, server, { turn: 1, more }));
  assert.match(said, /Loading success \(generation 2\)/);
  assert.match(said, /\[WARNING\].*option httplog/);
  assert.equal((await ask(port, { path: '/turn' })).body.toString(), 'turn1');
  for (const path of ['/', '/filler7', `/filler${FILLERS - 1}`]) assert.equal((await ask(port, { path })).status, 200);
  assert.match(await daemon.ask('get weight filler7/f1'), /^7 \(initial 2\)/);
  assert.match(
    await daemon.ask('show startup-logs'),
    /\[WARNING\].*option httplog[^]*Loading success \(generation 2\)/,
  );
  assert.equal(await daemon.statistic('filler7', 'BACKEND', 'req_tot'), '1');
});

test('servers that were removed and added stay so, and can be removed and added afterwards', async () => {
  await using setup = await start();
  const { daemon, port, server } = setup;
  const change = async (backend: string): Promise<void> => {
    await daemon.ask(
      `disable server ${backend}/f1; del server ${backend}/f1; add server ${backend}/new 127.0.0.1:${server}`,
    );
  };
  const kept = async (): Promise<string[]> => (await daemon.ask('show config diff')).match(/filler\d+\/\w+/g) ?? [];
  const names = async (backend: string): Promise<string[]> =>
    (await daemon.ask(`show servers conn ${backend}`)).match(/(?<=\/)(f0|f1|f2|new)(?= )/g) ?? [];
  await change('filler3');
  assert.match(await daemon.reload(configuration(port, server, { turn: 1 })), /Loading success/);
  await change('filler4');
  for (const turn of [2, 3]) {
    for (const backend of ['filler3', 'filler4']) assert.deepEqual(await names(backend), ['f0', 'f2', 'new']);
    assert.deepEqual(await kept(), ['filler3/f1', 'filler3/new', 'filler4/f1', 'filler4/new']);
    assert.match(await daemon.reload(configuration(port, server, { turn })), /Loading success/);
  }
});

test('an error in a large file is named by its line, and changes nothing', async () => {
  await using setup = await start();
  const { daemon, port, server } = setup;
  const text = configuration(port, server, { turn: 1, more: 'backend wrong\n    srever x 127.0.0.1:1\n' });
  const line = text.split('\n').findIndex((one) => one.includes('srever')) + 1;
  const said = await daemon.reload(text);
  assert.match(said, new RegExp(`\\[ALERT\\].*test\\.cfg:${line}\\] : unknown keyword 'srever'`));
  assert.match(said, /The new configuration was not applied; the old one goes on serving/);
  assert.equal((await ask(port, { path: '/turn' })).body.toString(), 'turn0');
  assert.match(await daemon.reload(configuration(port, server, { turn: 2 })), /Loading success \(generation 2\)/);
  assert.equal((await ask(port, { path: '/turn' })).body.toString(), 'turn2');
});

test('the thread that reads gives way to those that serve, and ends with the process that is stopped meanwhile', async () => {
  await using setup = await start();
  const { daemon, port, server } = setup;
  writeFileSync(daemon.configurationFile, configuration(port, server, { turn: 1 }).replaceAll('FOLDER', daemon.folder));
  daemon.signal('SIGUSR2');
  const nicest = (): number =>
    Math.max(...readdirSync(`/proc/${daemon.pid}/task`).map((task) => niceness(daemon.pid, task)));
  await until('a thread with less priority is there', () => nicest() > 0);
  daemon.signal('SIGTERM');
  assert.equal(await daemon.exited(), 0);
});

/** Field 19 of /proc/PID/stat (proc(5)); 0 where the thread has ended. */
function niceness(pid: number, task: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
  } catch {
    return 0;
  }
}
