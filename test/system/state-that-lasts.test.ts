/**
 * What is changed at run time lasts: over reloads and restarts, over kill -9 at any moment, and next to a file that is edited
 * meanwhile. HAProxy has nothing of the kind, so the expectations are our own manual's (docs/operations.md).
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Daemon, freePorts, until } from '../support/daemon.ts';

interface Override {
  readonly kind: string;
  readonly name: string;
  readonly field: string;
  readonly file: string;
  readonly runtime: string;
  readonly since: string;
  readonly by: string;
}

async function overrides(daemon: Daemon): Promise<readonly Override[]> {
  return JSON.parse(await daemon.ask('show config diff json')) as Override[];
}

/** As `name field file->runtime`. */
async function diff(daemon: Daemon): Promise<string[]> {
  return (await overrides(daemon)).map(({ name, field, file, runtime }) => `${name} ${field} ${file}->${runtime}`);
}

async function weight(daemon: Daemon, server: string): Promise<string> {
  return (await daemon.ask(`get weight ${server}`)).trim();
}

/** A folder that outlives the daemons of a test. */
function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'evenkeel-changes-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

interface Choices {
  readonly persist?: string;
  readonly servers?: string;
  readonly global?: string;
}

const SERVERS = `  server s1 127.0.0.1:9 weight 10
  server s2 127.0.0.1:9 weight 20
  server s3 127.0.0.1:9 weight 30`;

function configuration(port: number, { persist = '', servers = SERVERS, global = '' }: Choices = {}): string {
  return `global
  stats socket FOLDER/admin.sock level admin
  ${persist}
${global}
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend front
  bind 127.0.0.1:${port}
  monitor-uri /alive
  default_backend web
backend web
${servers}
`;
}

async function start(
  port: number,
  choices: Choices,
  more: Partial<Parameters<typeof Daemon.start>[1]> = {},
): Promise<Daemon> {
  return await Daemon.start(configuration(port, choices), { port, flags: ['-W', '-db'], ...more });
}

test("a frontend's maxconn that is put back to what it inherits is no runtime change any more", async () => {
  const [port] = await freePorts(1);
  await using daemon = await start(port, { global: '  maxconn 300' });
  await daemon.ask('set maxconn frontend front 7');
  assert.deepEqual(await diff(daemon), ['front maxconn ->7']);
  assert.equal(await daemon.statistic('front', 'FRONTEND', 'slim'), '7');
  await daemon.ask('set maxconn frontend front 300');
  assert.deepEqual(await diff(daemon), []);
  assert.equal(await daemon.statistic('front', 'FRONTEND', 'slim'), '300');
});

test('a reload keeps what was changed, but where the file was edited since', async (t) => {
  const [port] = await freePorts(1);
  const persist = `persist-runtime ${folder(t)}/journal`;
  await using daemon = await start(port, { persist });
  await daemon.ask('set weight web/s1 50;set server web/s2 state maint;set weight web/s2 60;disable server web/s3');
  assert.deepEqual(await diff(daemon), [
    'web/s1 weight 10->50',
    'web/s2 state ready->maint',
    'web/s2 weight 20->60',
    'web/s3 state ready->maint',
  ]);
  const [first] = await overrides(daemon);
  assert.equal(first.by, `${daemon.folder}/admin.sock (admin), uid ${process.getuid?.()}`);
  assert.ok(Math.abs(Date.parse(first.since) - Date.now()) < 60_000);

  // s1 is edited to another weight, s2 to the weight that it has, s3 is gone, and a new server has its name to itself.
  const edited = SERVERS.replace('weight 10', 'weight 15')
    .replace('weight 20', 'weight 60')
    .replace('server s3', 'server s4');
  const said = await daemon.reload(configuration(port, { persist, servers: edited }));
  assert.deepEqual(await diff(daemon), ['web/s2 state ready->maint']);
  assert.equal(await weight(daemon, 'web/s1'), '15 (initial 15)');
  assert.equal(await weight(daemon, 'web/s2'), '60 (initial 60)');
  await until('the merge is told', () => daemon.output.includes("server web/s2 state is 'maint'"));
  assert.match(
    daemon.output,
    /Runtime change ended: server web\/s1 weight is '15', which the file says now, and no longer '50'/,
  );
  assert.match(daemon.output, /Runtime change ended: server web\/s2 weight is '60', which the file says now too/);
  assert.match(
    daemon.output,
    /Runtime change ended: server web\/s3 state is no longer 'maint': the file does not have it any more/,
  );
  assert.match(daemon.output, /Runtime change stays: server web\/s2 state is 'maint', the file says 'ready' \(since /);
  assert.match(said, /Loading success/);

  // The server that comes back is as the file has it.
  await daemon.reload(configuration(port, { persist }));
  assert.equal(await daemon.statistic('web', 's3', 'status'), 'no check');

  await t.test('a reload that fails changes nothing', async () => {
    await daemon.ask('set weight web/s1 77');
    const before = await diff(daemon);
    const broken = await daemon.reload(configuration(port, { persist, servers: `${SERVERS}\n  server` }));
    assert.match(broken, /was not applied/);
    assert.deepEqual(await diff(daemon), before);
    assert.equal(await weight(daemon, 'web/s1'), '77 (initial 10)');
  });

  await t.test("clear config diff puts the file's values back: of a field, of an object, of everything", async () => {
    await daemon.reload(configuration(port, { persist }));
    await daemon.ask('set server web/s1 state drain;set weight web/s2 5;set weight web/s3 6');
    assert.equal(await daemon.ask('clear config diff web/s1 weight'), '\n');
    assert.equal(await weight(daemon, 'web/s1'), '10 (initial 10)');
    assert.equal(await daemon.statistic('web', 's1', 'status'), 'DRAIN');
    assert.equal(await daemon.ask('clear config diff server web/s1'), '\n');
    assert.equal(await daemon.statistic('web', 's1', 'status'), 'no check');
    assert.match(await daemon.ask('clear config diff web/s1'), /Nothing was changed about server web\/s1/);
    assert.match(await daemon.ask('clear config diff nonsense'), /^Expects 'global'/);
    await daemon.ask('clear config diff');
    assert.deepEqual(await diff(daemon), []);
    assert.equal(await weight(daemon, 'web/s3'), '30 (initial 30)');
    assert.equal(await daemon.ask('show config diff'), '# kind name field file runtime since by\n\n');
  });
});

test('a restart has what was changed from its first connection on, and a value that was changed back is none', async (t) => {
  const persist = `persist-runtime ${folder(t)}/journal`;
  const [port, next] = await freePorts(2);
  {
    await using daemon = await start(port, { persist });
    await daemon.ask('set weight web/s1 50;disable server web/s2;set weight web/s3 5;set weight web/s3 30');
  }
  await using daemon = await start(next, { persist, servers: SERVERS.replace('weight 20', 'weight 21') });
  assert.deepEqual(await diff(daemon), ['web/s1 weight 10->50', 'web/s2 state ready->maint']);
  assert.equal(await weight(daemon, 'web/s1'), '50 (initial 10)');
  assert.equal(await weight(daemon, 'web/s2'), '21 (initial 21)');
  assert.equal(await daemon.statistic('web', 's2', 'status'), 'MAINT');
});

test('kill -9 at any moment loses no change that was answered', async (t) => {
  const path = join(folder(t), 'journal');
  const ports = await freePorts(6);
  /** By server: the value that was answered last, and those that were asked for since. */
  const possible = new Map<string, Set<string>>([
    ['web/s1', new Set(['10'])],
    ['web/s2', new Set(['20'])],
    ['web/s3', new Set(['30'])],
  ]);
  let answered = 0;
  for (const [round, port] of ports.entries()) {
    const daemon = await start(port, { persist: `persist-runtime ${path}` });
    try {
      for (const [server, values] of possible) {
        const found = (await weight(daemon, server)).split(' ')[0];
        assert.ok(values.has(found), `round ${round}: ${server} has ${found} and not ${[...values].join(' or ')}`);
        possible.set(server, new Set([found]));
      }
      const turns = [...possible.keys()].map(async (server, index) => {
        for (let number = 0; ; number++) {
          const value = String((number * 7 + index + round * 31) % 256);
          possible.get(server)!.add(value);
          const answer = await daemon.ask(`set weight ${server} ${value}`).catch(() => '');
          if (answer !== '\n') return;
          possible.set(server, new Set([value]));
          answered++;
        }
      });
      await pause(100 + round * 37);
      daemon.signal('SIGKILL');
      await Promise.all(turns);
    } finally {
      await daemon.stop();
    }
  }
  t.diagnostic(`${answered} changes were answered`);
  assert.ok(answered > 0);
});

test('changes that come while configurations are loaded are all kept', async (t) => {
  const path = join(folder(t), 'journal');
  const [port] = await freePorts(1);
  const persist = `persist-runtime ${path}`;
  await using daemon = await start(port, { persist, global: '  nbthread 2' });
  let isOver = false;
  let last = '';
  const changes = (async () => {
    for (let number = 0; !isOver; number++) {
      last = String(number % 256);
      assert.equal(await daemon.ask(`set weight web/s1 ${last}`), '\n');
    }
  })();
  for (let round = 0; round < 6; round++)
    await daemon.reload(
      configuration(port, {
        persist,
        global: '  nbthread 2',
        servers: SERVERS.replace('weight 30', `weight ${30 + round}`),
      }),
    );
  isOver = true;
  await changes;
  assert.equal(await weight(daemon, 'web/s1'), `${last} (initial 10)`);
  const [override] = last === '10' ? [undefined] : await diff(daemon);
  assert.equal(override, last === '10' ? undefined : `web/s1 weight 10->${last}`);
});

test("'no persist-runtime': a reload forgets what was changed, as HAProxy's new process does", async (t) => {
  const path = join(folder(t), 'journal');
  const [port] = await freePorts(1);
  await using daemon = await start(port, { persist: 'no persist-runtime' });
  assert.doesNotMatch(daemon.output, /forgotten/);
  await daemon.ask('set weight web/s1 50;disable server web/s2');
  assert.equal((await diff(daemon)).length, 2);
  await daemon.reload(configuration(port, { persist: 'no persist-runtime' }));
  assert.deepEqual(await diff(daemon), []);
  assert.equal(await weight(daemon, 'web/s1'), '10 (initial 10)');
  assert.equal(await daemon.statistic('web', 's2', 'status'), 'no check');

  await t.test('turned on, it keeps; turned off again, it forgets for good', async () => {
    await daemon.ask('set weight web/s1 50');
    await daemon.reload(configuration(port, { persist: `persist-runtime ${path}` }));
    assert.deepEqual(await diff(daemon), ['web/s1 weight 10->50']);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await daemon.reload(configuration(port, { persist: 'no persist-runtime' }));
    assert.deepEqual(await diff(daemon), []);
    assert.equal(existsSync(path), false);
    await until('it is said', () => daemon.output.includes(`what was kept in ${path} is forgotten`));
  });
});

test('two daemons with one journal: the second says who has it, keeps its changes in memory, and takes over', async (t) => {
  const persist = `persist-runtime ${folder(t)}/journal`;
  const [one, other] = await freePorts(2);
  const first = await start(one, { persist });
  try {
    await first.ask('set weight web/s1 50');
    await using second = await start(other, { persist });
    await until('it says so', () => second.output.includes(`is in use by process`));
    assert.equal(await weight(second, 'web/s1'), '50 (initial 10)');
    await second.ask('set weight web/s2 60');
    // What the first one changes meanwhile is not lost.
    await first.ask('set weight web/s3 70');
    await first.stop();
    await until('the second has it', () => second.output.includes('are written to'));
    assert.deepEqual((await diff(second)).toSorted(), [
      'web/s1 weight 10->50',
      'web/s2 weight 20->60',
      'web/s3 weight 30->70',
    ]);
    assert.equal(await weight(second, 'web/s3'), '70 (initial 30)');
  } finally {
    await first.stop();
  }
});

test('a new process that takes over by -sf goes on with what the old one had', async (t) => {
  const persist = `persist-runtime ${folder(t)}/journal`;
  const [port] = await freePorts(1);
  const old = await start(port, { persist });
  try {
    await old.ask('set weight web/s1 50');
    await using young = await start(port, { persist }, { arguments: ['-sf', String(old.pid)] });
    assert.equal(await old.exited(), 0);
    assert.equal(await weight(young, 'web/s1'), '50 (initial 10)');
    await until('the journal is its own', () => young.output.includes('are written to'));
    assert.equal(await young.ask('set weight web/s2 60'), '\n');
    await until('it is kept', () => readFileSync(persist.split(' ')[1], 'latin1').includes('"value":"60"'));
  } finally {
    await old.stop();
  }
});

test('whatever lies in place of the journal, the daemon starts, says so once and serves', async (t) => {
  const place = folder(t);
  const garbage: readonly (readonly [name: string, text: string | undefined, said: RegExp])[] = [
    ['binary', '\0\xff'.repeat(50_000), /binary is no journal of runtime changes/],
    ['newer', 'evenkeel-runtime 7\n{}\n', /newer is a journal of version 7/],
    ['missing/folder/journal', undefined, /journal cannot be read or kept \(No such file or directory/],
  ];
  const ports = await freePorts(garbage.length);
  for (const [index, [name, text, said]] of garbage.entries()) {
    const path = join(place, name);
    if (text !== undefined) writeFileSync(path, text, 'latin1');
    await using daemon = await start(ports[index], { persist: `persist-runtime ${path}` });
    await until(`it says ${said}`, () => said.test(daemon.output));
    assert.equal(await daemon.ask('set weight web/s1 50'), '\n');
    assert.equal(await weight(daemon, 'web/s1'), '50 (initial 10)');
    if (text === undefined) continue;
    await until(`${name} is a journal`, () => readFileSync(path, 'latin1').startsWith('evenkeel-runtime 1\n'));
    assert.equal(readFileSync(`${path}.unread`, 'latin1'), text);
  }
});

/** A small file system of its own; undefined where that is not allowed. */
function smallDisk(t: TestContext): string | undefined {
  const path = mkdtempSync(join(tmpdir(), 'evenkeel-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'evenkeel-test', path], { stdio: 'ignore' });
  } catch {
    rmSync(path, { recursive: true });
    return undefined;
  }
  t.after(() => {
    execFileSync('umount', ['-l', path], { stdio: 'ignore' });
    rmSync(path, { recursive: true });
  });
  return path;
}

test('a full disk: traffic and changes go on, it is said, and what was changed is written when there is room', async (t) => {
  const disk = smallDisk(t);
  if (disk === undefined) return t.skip('mounting a file system is not allowed here');
  const path = join(disk, 'journal');
  const [port] = await freePorts(1);
  await using daemon = await start(port, { persist: `persist-runtime ${path}` });
  await daemon.ask('set weight web/s1 50');
  const filler = join(disk, 'filler');
  for (let size = 64 * 1024; size >= 1; size = Math.floor(size / 2)) {
    try {
      writeFileSync(filler, Buffer.alloc(size), { flag: 'a' });
    } catch {
      // It is full for pieces of this size.
    }
  }
  for (let value = 0; value < 60; value++) assert.equal(await daemon.ask(`set weight web/s2 ${value}`), '\n');
  await until('it is said', () => daemon.output.includes('cannot be written'));
  assert.equal((await fetch(`http://127.0.0.1:${port}/alive`)).status, 200);
  assert.equal(await weight(daemon, 'web/s2'), '59 (initial 20)');
  assert.equal(daemon.output.split('cannot be written').length - 1, 1);
  rmSync(filler);
  await until('it is written', () => daemon.output.includes('are written to'));
  assert.match(readFileSync(path, 'latin1'), /"value":"59"/);
});

test('a thousand changes: all are there after a restart, and a reload with them takes no long time', async (t) => {
  const persist = `persist-runtime ${folder(t)}/journal`;
  const servers = Array.from({ length: 1000 }, (_, index) => `  server s${index} 127.0.0.1:9 weight 10`).join('\n');
  const [port, next] = await freePorts(2);
  {
    await using daemon = await start(port, { persist, servers });
    const socket = await conversation(daemon);
    for (let first = 0; first < 1000; first += 100) {
      const commands = Array.from(
        { length: 100 },
        (_, index) => `set weight web/s${first + index} ${(first + index) % 10}`,
      );
      await socket.ask(commands.join(';'));
    }
    socket.end();
    assert.equal((await overrides(daemon)).length, 1000);
    daemon.signal('SIGKILL');
    await daemon.exited();
  }
  await using daemon = await start(next, { persist, servers });
  const found = await overrides(daemon);
  assert.equal(found.length, 1000);
  for (const { name, runtime } of found) assert.equal(runtime, String(Number(name.slice(5)) % 10), name);
  assert.equal(await weight(daemon, 'web/s999'), '9 (initial 10)');
  const said = await daemon.reload(
    configuration(next, { persist, servers: servers.replaceAll('weight 10', 'weight 11') }),
  );
  assert.match(said, /Loading success/);
  assert.deepEqual(await diff(daemon), []);
  await until('not every line is said', () =>
    daemon.output.includes("and 950 more; 'show config diff' lists what stays"),
  );
});

interface Conversation {
  ask(line: string): Promise<void>;
  end(): void;
}

/** A connection with the prompt, for many commands. */
async function conversation(daemon: Daemon): Promise<Conversation> {
  const socket: Socket = connect(join(daemon.folder, 'admin.sock'));
  let prompts = 0;
  let heard = (): void => {};
  socket.on('data', (chunk) => {
    prompts += chunk.toString('latin1').split('> ').length - 1;
    heard();
  });
  const waitFor = async (count: number): Promise<void> => {
    await until(`${count} commands are answered`, async () => {
      if (prompts < count) await Promise.race([new Promise<void>((resolve) => (heard = resolve)), pause(1000)]);
      return prompts >= count;
    });
    prompts = 0;
  };
  socket.write('prompt\n');
  await waitFor(1);
  return {
    async ask(line) {
      socket.write(`${line}\n`);
      await waitFor(line.split(';').length);
    },
    end: () => void socket.end(),
  };
}

test('servers that were added and removed are so after kill -9, and serve; the file and clear have the last word', async (t) => {
  const backend = createServer((_request, response) => response.end('added')).listen(0, '127.0.0.1');
  t.after(() => backend.close());
  await once(backend, 'listening');
  const { port: back } = backend.address() as AddressInfo;
  const persist = `persist-runtime ${folder(t)}/journal`;
  const [one, other] = await freePorts(2);
  {
    await using daemon = await start(one, { persist });
    assert.match(await daemon.ask(`add server web/s9 127.0.0.1:${back} weight 9`), /New server registered/);
    await daemon.ask('enable server web/s9;disable server web/s1;disable server web/s2;disable server web/s3');
    assert.match(await daemon.ask('del server web/s3'), /Server deleted/);
    daemon.signal('SIGKILL');
    await daemon.exited();
  }
  await using daemon = await start(other, { persist });
  const answer = await fetch(`http://127.0.0.1:${other}/`);
  assert.equal(await answer.text(), 'added');
  assert.deepEqual(await diff(daemon), [
    `web/s9 server ->127.0.0.1:${back} weight 9`,
    'web/s9 state maint->ready',
    'web/s1 state ready->maint',
    'web/s2 state ready->maint',
    'web/s3 server 127.0.0.1:9 weight 30->',
  ]);
  await daemon.ask('clear config diff web/s3');
  assert.equal(await daemon.statistic('web', 's3', 'status'), 'no check');
  assert.equal(await daemon.ask('clear config diff web/s9'), '\n');
  assert.equal(await daemon.statistic('web', 's9', 'status'), '');
  assert.match(await daemon.ask(`add server web/s9 127.0.0.1:${back} weight 9`), /New server registered/);
  // The file gets a server of that name.
  await daemon.reload(configuration(other, { persist, servers: `${SERVERS}\n  server s9 127.0.0.1:${back} weight 8` }));
  assert.deepEqual(await diff(daemon), ['web/s1 state ready->maint', 'web/s2 state ready->maint']);
  assert.equal(await weight(daemon, 'web/s9'), '8 (initial 8)');
  assert.equal(await daemon.statistic('web', 's9', 'status'), 'no check');
});

test('a state file counts where the journal says nothing, and not where something was changed since', async (t) => {
  const place = folder(t);
  const choices = {
    persist: `persist-runtime ${place}/journal`,
    global: `  server-state-file ${place}/states`,
    servers: `  load-server-state-from-file global\n${SERVERS}`,
  };
  const [one, two, three] = await freePorts(3);
  {
    await using daemon = await start(one, choices);
    await daemon.ask('set weight web/s1 50;disable server web/s2');
    writeFileSync(join(place, 'states'), await daemon.ask('show servers state'));
    // Changed back after the file was written.
    await daemon.ask('enable server web/s2;set weight web/s1 60');
  }
  {
    await using daemon = await start(two, choices);
    assert.deepEqual(await diff(daemon), ['web/s1 weight 10->60']);
    assert.equal(await daemon.statistic('web', 's2', 'status'), 'no check');
  }
  // Without a journal the state file is what is known, and its values are overrides like others.
  rmSync(join(place, 'journal'));
  await using daemon = await start(three, choices);
  // It is noted when everything serves, a moment after the runtime socket has its path.
  await until('the state file is noted', async () => (await diff(daemon)).length > 0);
  assert.deepEqual(await diff(daemon), ['web/s1 weight 10->50', 'web/s2 state ready->maint']);
  assert.equal((await overrides(daemon))[0].by, 'server-state-file');
  assert.equal(await daemon.statistic('web', 's2', 'status'), 'MAINT');
});

test('a process that becomes another user keeps its changes', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root becomes another user');
  const place = folder(t);
  chmodSync(place, 0o755);
  const choices = { persist: `persist-runtime ${place}/`, global: '  user nobody' };
  const [one, two] = await freePorts(2);
  for (const port of [one, two]) {
    await using daemon = await start(port, choices);
    assert.equal(await daemon.ask(`set weight web/s1 ${port === one ? 50 : 60}`), '\n');
    assert.doesNotMatch(daemon.output, /cannot be/);
  }
  const [own] = readdirSync(place);
  const nobody = Number(execFileSync('id', ['-u', 'nobody']));
  assert.equal(statSync(join(place, own, 'runtime.journal')).uid, nobody);
});
