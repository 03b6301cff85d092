/** Mails of `email-alert`: what they say and when they are sent, compared with the real haproxy; and a dead mailer. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer, type Server, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { Daemon, freePorts, until } from '../support/daemon.ts';

const missing = ((): string | undefined => {
  try {
    execFileSync('haproxy', ['-v'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'Debian package haproxy is not installed';
  }
})();

interface Mailer {
  readonly port: number;
  /** Everything that each connection said, one text for each mail that was taken. */
  readonly mails: string[];
}

/** A mailer that takes mails; `isDeaf`: accepts and says nothing. */
async function mailer(context: TestContext, isDeaf = false): Promise<Mailer> {
  const mails: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    if (isDeaf) return;
    let said = '';
    let line = '';
    let isText = false;
    socket.write('220 mailer\r\n');
    socket.on('data', (chunk: Buffer) => {
      for (const character of chunk.toString('latin1')) {
        said += character;
        line += character;
        if (character !== '\n') continue;
        const word = line.trim();
        line = '';
        if (isText) {
          if (word !== '.') continue;
          isText = false;
          mails.push(said);
        }
        if (word === 'DATA') isText = true;
        socket.write(word === 'DATA' ? '354 go\r\n' : word === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, mails };
}

function configuration(front: number, mailPorts: readonly number[], level: string, mailMs = 10_000): string {
  return `global
  stats socket FOLDER/admin.sock level admin
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
mailers ops
  timeout mail ${mailMs}ms
${mailPorts.map((port, index) => `  mailer m${index} 127.0.0.1:${port}`).join('\n')}
frontend front
  bind 127.0.0.1:${front}
  default_backend be
backend be
  email-alert mailers ops
  email-alert from lb@example.com
  email-alert to ops@example.com
  email-alert myhostname lb1
  ${level === '' ? '' : `email-alert level ${level}`}
  server a 127.0.0.1:${front} check inter 1h
  server b 127.0.0.1:${front} check inter 1h backup
`;
}

/** Each command, and whether a mail follows it at level notice. */
const STEPS = [
  ['set server be/a health down', true],
  ['set server be/a health up', true],
  ['set server be/b state drain', true],
  ['set server be/b health down', true],
  ['set server be/b state ready', false],
  ['set server be/b state maint', false],
  ['set server be/a health stopping', false],
  ['set server be/a health down', true],
  ['set server be/a health up', true],
] as const;

async function mails(context: TestContext, program: string | undefined): Promise<string[]> {
  const { port, mails: taken } = await mailer(context);
  const [front] = await freePorts(1);
  await using daemon = await Daemon.start(configuration(front, [port], 'notice'), {
    port: front,
    ...(program === undefined ? {} : { program }),
  });
  await until('checked', async () => (await daemon.statistic('be', 'a', 'check_status')) === 'L4OK');
  let expected = 0;
  for (const [command, isMailed] of STEPS) {
    assert.equal((await daemon.ask(command)).trim(), '');
    if (!isMailed) continue;
    expected++;
    await until(`mail ${expected}, after ${command}; ${taken.join('\n')}`, () => taken.length >= expected);
  }
  return taken.map((mail) => mail.replace(/^Date: .*$/m, 'Date: DATE'));
}

test('mails are those of HAProxy, word for word', { skip: missing ?? false, timeout: 120_000 }, async (context) => {
  const expected = await mails(context, 'haproxy');
  assert.deepEqual(await mails(context, undefined), expected);
  assert.match(expected[0], /^HELO lb1\r\nMAIL FROM:<lb@example\.com>/);
  assert.match(expected[0], /^Subject: \[HAProxy Alert\] Server be\/a is DOWN, changed from CLI\. /m);
});

test('by default alerts alone are mailed, and a dead mailer delays neither the other nor anything else', async (context) => {
  const good = await mailer(context);
  const deaf = await mailer(context, true);
  const [front, closed] = await freePorts(2);
  await using daemon = await Daemon.start(configuration(front, [deaf.port, closed, good.port], '', 2000), {
    port: front,
  });
  for (let round = 1; round <= 3; round++) {
    await daemon.ask('set server be/a health down');
    await daemon.ask('set server be/a health up');
    await until('the mail', () => good.mails.length === round);
  }
  assert.ok(good.mails.every((mail) => mail.includes('is DOWN')));
  assert.match(daemon.output, new RegExp(`Mailer m1 \\(127\\.0\\.0\\.1:${closed}\\) takes no mails: ECONNREFUSED`));
  await until('the silent one is told of', () =>
    /Mailer m0 .* takes no mails: nothing within 2000 ms/.test(daemon.output),
  );
});
