/**
 * Server states that pass from one process to the next through a file: what the real haproxy writes is taken over here as it
 * takes it over itself, and what is written here is taken over there. And that a reload keeps states without any file.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { after, before, test } from 'node:test';
import { Daemon, freePorts, until } from '../support/daemon.ts';

const missing = ((): string | undefined => {
  try {
    execFileSync('haproxy', ['-v'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'Debian package haproxy is not installed';
  }
})();

let listener: Server;
let alive = 0;

before(async () => {
  listener = createServer((socket) => socket.on('error', () => {}).resume());
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  alive = (listener.address() as { port: number }).port;
});
after(() => listener.close());

function configuration(front: number, dead: number, extra = ''): string {
  return `global
  nbthread 2
  stats socket FOLDER/admin.sock level admin
  max-spread-checks 200
  server-state-base FOLDER
  server-state-file states
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
  load-server-state-from-file global
frontend front
  bind 127.0.0.1:${front}
  default_backend be
backend be
  server up 127.0.0.1:${alive} check inter 1h
  server down 127.0.0.1:${dead} check inter 1h rise 1 fall 1
  server maint 127.0.0.1:${alive} check inter 1h weight 5
  server drain 127.0.0.1:${alive}
  server light 127.0.0.1:${alive} weight 20
  server slow 127.0.0.1:${alive} check inter 1h slowstart 1h weight 100
  server tracks 127.0.0.1:${alive} track maint
  server off 127.0.0.1:${alive} disabled
  server on 127.0.0.1:${alive} disabled
${extra}`;
}

/** What of a state is kept: operation, administration, weights, by server. */
async function states(daemon: Daemon): Promise<Record<string, string>> {
  const rows = (await daemon.ask('show servers state')).trim().split('\n').slice(2);
  return Object.fromEntries(
    rows
      .map((row) => row.split(' '))
      .map((fields) => [fields[3], [...fields.slice(5, 7), fields[7], fields[8]].join(' ')]),
  );
}

/**
 * The same file as if nothing had changed for ten seconds more: the real program takes a slow start for one that has ended where
 * the clock that it counts by has not yet reached the second in which the start began.
 */
function aged(file: string): string {
  return file.replaceAll(
    /^((?:\S+ ){9})(\d+)/gm,
    (_row, before: string, seconds: string) => `${before}${Number(seconds) + 10}`,
  );
}

async function change(daemon: Daemon): Promise<void> {
  await until('the dead server is down', async () => (await daemon.statistic('be', 'down', 'status')) === 'DOWN');
  await until('the others were checked', async () => (await daemon.statistic('be', 'slow', 'check_status')) === 'L4OK');
  for (const command of [
    'set server be/maint state maint',
    'set server be/drain state drain',
    'set server be/light weight 7',
    'set server be/slow health down',
    'set server be/slow health up',
    'enable server be/on',
  ])
    assert.equal((await daemon.ask(command)).trim(), '');
}

for (const [writer, reader] of [
  ['haproxy', undefined],
  [undefined, 'haproxy'],
  [undefined, undefined],
] as const) {
  test(
    `states pass from ${writer ?? 'this program'} to ${reader ?? 'this program'}`,
    { skip: missing ?? false, timeout: 60_000 },
    async () => {
      const [front, dead] = await freePorts(2);
      const text = configuration(front, dead);
      const withProgram = (program: string | undefined): { program?: string } =>
        program === undefined ? {} : { program };
      let file: string;
      let before_: Record<string, string>;
      {
        await using first = await Daemon.start(text, { port: front, ...withProgram(writer) });
        await change(first);
        before_ = await states(first);
        file = aged(await first.ask('show servers state'));
      }
      await using second = await Daemon.start(text, { port: front, files: { states: file }, ...withProgram(reader) });
      const after_ = await states(second);
      assert.deepEqual(before_, {
        up: '2 0 1 1',
        down: '0 0 1 1',
        maint: '0 1 5 5',
        drain: '2 8 1 1',
        light: '2 0 7 20',
        slow: '1 0 100 100',
        tracks: '0 2 1 1',
        off: '0 5 1 1',
        on: '2 4 1 1',
      });
      assert.deepEqual(after_, before_);
      if (reader === undefined)
        assert.match(second.output, /Server be\/down is DOWN, changed from server-state after a reload\./);
    },
  );
}

test('a reload keeps states, weights and slow start, follows new links of track, and sends nothing to a server that is down', async () => {
  const [front, dead] = await freePorts(2);
  await using daemon = await Daemon.start(
    configuration(front, dead).replaceAll('global\n  nbthread', 'global\n  master-worker\n  nbthread'),
    {
      port: front,
      flags: ['-W', '-db'],
    },
  );
  await change(daemon);
  const before_ = await states(daemon);
  const said = await daemon.reload(
    configuration(front, dead, '  server late 127.0.0.1:1 track down\n  server later 127.0.0.1:1 track maint\n'),
  );
  assert.match(said, /Loading success/);
  const after_ = await states(daemon);
  assert.deepEqual(after_, { ...before_, late: '0 0 1 1', later: '0 2 1 1' });
  assert.equal((await daemon.ask('set server be/maint state ready')).trim(), '');
  await until('what is inherited ends', async () => (await states(daemon))['later'] === '2 0 1 1');
});
