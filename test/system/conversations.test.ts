/**
 * How long conversations with runtime sockets and with the master's last, and who is let in while a process is paused. HAProxy,
 * where it is there, is asked the same first: that proves the test.
 */

import { test } from 'node:test';
import type { TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Conversation, converse } from '../support/conversation.ts';
import { Daemon, accepts, freePorts, until } from '../support/daemon.ts';
import { findProgram } from '../support/programs.ts';

const configuration = (port: number, more: string): string => `
global
    stats socket FOLDER/admin.sock level admin
    ${more}
ring news
    format raw
    size 32764
defaults
    mode http
    timeout connect 2s
    timeout client 5s
    timeout server 5s
frontend fe
    bind 127.0.0.1:${port}
    default_backend be
backend be
    server s1 127.0.0.1:9 weight 20
`;

interface Place {
  readonly daemon: Daemon;
  readonly port: number;
  readonly admin: { readonly path: string };
}

async function onBoth(
  context: TestContext,
  flags: readonly string[],
  more: (ports: readonly number[]) => string,
  look: (place: Place, ports: readonly number[]) => Promise<void>,
): Promise<void> {
  for (const program of ['haproxy', undefined]) {
    if (program !== undefined && findProgram(program) === undefined) continue;
    await context.test(program ?? 'evenkeel', { timeout: 60_000 }, async () => {
      const [port, ...others] = await freePorts(3);
      await using daemon = await Daemon.start(configuration(port, more(others)), {
        port,
        flags,
        ...(program === undefined ? {} : { program }),
      });
      await look({ daemon, port, admin: { path: join(daemon.folder, 'admin.sock') } }, others);
    });
  }
}

test('a conversation with the master goes on until one of the two ends it', async (context) => {
  const master = (port: number): string => `127.0.0.1:${port}`;
  const [port] = await freePorts(1);
  await onBoth(
    context,
    ['-W', '-S', master(port)],
    () => 'stats timeout 1s',
    async ({ admin }) => {
      // HAProxy's begins anew once it has started its worker, and loses who came before that.
      const isAnswered = async (): Promise<boolean> =>
        (await converse({ port, host: '127.0.0.1' }, 'show version\n', true).catch(() => '')).startsWith('2.6.');
      await until('the master answers', isAnswered);
      await using talk = new Conversation({ port, host: '127.0.0.1' });
      talk.send('show version\n');
      await talk.until(/^2\.6\.\S+\n\n$/);
      // `stats timeout` is for runtime sockets.
      await using silent = new Conversation(admin);
      assert.equal(await silent.ended(), '');
      const [version] = talk.heard.split('\n');
      talk.send('@1 get weight be/s1;show version\nshow cli level\n');
      await talk.until(/\nadmin\n\n$/);
      assert.equal(talk.heard, `${version}\n\n20 (initial 20)\n\n${version}\n\nadmin\n\n`);
      talk.send('@1\n');
      talk.send('get weight be/s1\n@master\n');
      await talk.until(/admin\n\n20 \(initial 20\)\n\n$/);
      talk.send('@1 show version;quit;show version\n');
      assert.match(await talk.ended(), /admin\n\n20 \(initial 20\)\n\n2\.6\.\S+\n\n$/);
      assert.equal(await converse({ port, host: '127.0.0.1' }, '@1 get weight be/s1\n', true), '20 (initial 20)\n\n');
    },
  );
});

// What HAProxy 2.6 answers to the first who asks it. Later ones it may forget, so it is not asked here.
test("who waits for events, and hears of none, is sent away by 'stats timeout'", async () => {
  const [port] = await freePorts(1);
  await using daemon = await Daemon.start(configuration(port, 'stats timeout 1s'), { port });
  const admin = { path: join(daemon.folder, 'admin.sock') };
  const answers = ['show events news -w\n', 'prompt\nshow events news -w\n'].map(
    async (text) => await converse(admin, text),
  );
  assert.deepEqual(await Promise.all(answers), ['\n', '\n> \n> ']);
});

test('paused, a process keeps its Unix runtime sockets and its conversations, and lets its Internet ones go', async (context) => {
  await onBoth(
    context,
    ['-db'],
    ([inet]) => `stats socket ipv4@127.0.0.1:${inet} level admin`,
    async ({ daemon, port, admin }, [inet]) => {
      const there = { port: inet, host: '127.0.0.1' };
      assert.match(await converse(there, 'show version\n'), /^2\.6/);
      await using open = new Conversation(there);
      open.send('prompt\n');
      await open.until(/> $/);
      daemon.signal('SIGTTOU');
      await until('both take nobody', async () => !(await accepts(inet)) && !(await accepts(port)));
      await until('it is said', () => daemon.output.includes('Paused frontend GLOBAL.'));
      assert.match(await converse(admin, 'show version\n'), /^2\.6/);
      open.send('show cli level\n');
      await open.until(/> admin\n\n> $/);
      daemon.signal('SIGTTIN');
      await until('both are back', async () => (await accepts(inet)) && (await accepts(port)));
      await until('it is said', () => daemon.output.includes('Resumed frontend GLOBAL.'));
      assert.match(await converse(there, 'show version\n'), /^2\.6/);
      open.send('show cli level\n');
      await open.until(/> admin\n\n> admin\n\n> $/);
    },
  );
});

test('a reload of a paused process opens no runtime socket, and what it no longer has does not come back', async () => {
  const [port, before, after] = await freePorts(3);
  const text = (inet: number): string => configuration(port, `stats socket ipv4@127.0.0.1:${inet} level admin`);
  await using daemon = await Daemon.start(text(before), { port, flags: ['-W'] });
  daemon.signal('SIGTTOU');
  await until('it takes nobody', async () => !(await accepts(before)));
  assert.match(await daemon.reload(text(after)), /Loading success \(generation 2\)/);
  assert.ok(existsSync(join(daemon.folder, 'admin.sock')));
  assert.deepEqual([await accepts(before), await accepts(after)], [false, false]);
  daemon.signal('SIGTTIN');
  await until('the new one is there', async () => await accepts(after));
  assert.equal(await accepts(before), false);
});
