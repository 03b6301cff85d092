// Mails of email-alert: the conversation as HAProxy 2.6.12 led it with a listener, and a sender that waits for nobody.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import type { MailAlert } from './alert.ts';
import { MailSender, MAX_WAITING } from './sender.ts';
import { SmtpConversation, type SmtpEffect } from './smtp.ts';

const DATE = Date.UTC(2026, 10, 23, 21, 54, 45);
const TEXT =
  'Server be/s2 enters drain state. 0 active and 0 backup servers online. 0 sessions requeued, 0 total in queue';
const address = { hostname: 'vm', from: 'proxy@example.com', to: 'ops@example.com' };

const REPLIES = ['220 hello\r\n', '250 a\r\n', '250 b\r\n', '250 c\r\n', '354 go\r\n', '250 queued\r\n', '221 bye\r\n'];

/** What the real program sent to a listener that answered so. */
const SAID = [
  'HELO vm',
  'MAIL FROM:<proxy@example.com>',
  'RCPT TO:<ops@example.com>',
  'DATA',
  'From: proxy@example.com',
  'To: ops@example.com',
  'Date: Mon, 23 Nov 2026 21:54:45 +0000 (UTC)',
  `Subject: [HAProxy Alert] ${TEXT}`,
  '',
  TEXT,
  '',
  '.',
  'QUIT',
];

const play = (pieces: readonly string[], text = TEXT): SmtpEffect[] => {
  const conversation = new SmtpConversation(address, text, DATE);
  const effects: SmtpEffect[] = [];
  for (const piece of pieces) {
    effects.push(...conversation.handle(piece));
    if (effects.at(-1)?.type === 'done') break;
  }
  return effects;
};

const sent = (effects: readonly SmtpEffect[]): string =>
  effects.map((effect) => (effect.type === 'send' ? effect.text : '')).join('');

test('one mail, word for word', () => {
  const effects = play(REPLIES);
  assert.deepEqual(sent(effects), SAID.map((line) => `${line}\r\n`).join(''));
  assert.deepEqual(effects.at(-1), { type: 'done', why: '' });
});

test('replies of several lines, and replies cut anywhere, change nothing', () => {
  const all = REPLIES.join('').replace('250 a', '250-a\r\n250-SIZE\r\n250 a');
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 })), (lengths) => {
      const pieces: string[] = [];
      let at = 0;
      for (const length of lengths) pieces.push(all.slice(at, (at += length)));
      pieces.push(all.slice(at));
      assert.equal(sent(play(pieces)), SAID.map((line) => `${line}\r\n`).join(''));
    }),
  );
});

test('a refusal at any step ends the mail with what was said', () => {
  for (let step = 0; step < REPLIES.length - 1; step++) {
    const effects = play([...REPLIES.slice(0, step), '550 no\r\n']);
    assert.deepEqual(effects.at(-1), { type: 'done', why: "it answered '550 no'" }, `step ${step}`);
  }
});

test('a mailer that leaves before it took the mail has not taken it', () => {
  const conversation = new SmtpConversation(address, TEXT, DATE);
  for (const reply of REPLIES.slice(0, 5)) conversation.handle(reply);
  assert.deepEqual(conversation.handleEnd(), { type: 'done', why: 'it closed the connection' });
  conversation.handle(REPLIES[5]);
  assert.deepEqual(conversation.handleEnd(), { type: 'done', why: '' });
});

test('no text ends the mail early, nor does garbage make the conversation throw', () => {
  const effects = play(REPLIES, '.\r\nQUIT\r\n');
  assert.match(sent(effects), /\r\n\r\n\.\. QUIT \r\n\r\n\.\r\n/);
  fc.assert(
    fc.property(fc.array(fc.string()), (pieces) => {
      play(pieces);
    }),
  );
});

interface Listener {
  readonly port: number;
  readonly mails: string[];
}

/** A mailer that takes mails; `deaf`: accepts and says nothing. */
async function listen(context: TestContext, deaf = false): Promise<Listener> {
  const mails: string[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    if (deaf) return;
    let input = '';
    let step = 0;
    socket.write(REPLIES[0]);
    socket.on('data', (chunk) => {
      input += chunk.toString('latin1');
      for (;;) {
        const end = step === 4 ? input.indexOf('\r\n.\r\n') + 3 : input.indexOf('\n');
        if (end < 0 || (step === 4 && end === 2)) return;
        if (step === 4) mails.push(input.slice(0, end));
        input = input.slice(end + 2 - (step === 4 ? 0 : 1));
        socket.write(REPLIES[++step]);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as net.AddressInfo).port, mails };
}

function alert(ports: readonly number[], timeoutMs = 3000): MailAlert {
  const mailers = ports.map((port, index) => ({ name: `m${index}`, host: '127.0.0.1', port }));
  return { mailers, timeoutMs, level: 1, ...address };
}

async function until(condition: () => boolean): Promise<void> {
  const limit = Date.now() + 8000;
  while (!condition()) {
    if (Date.now() > limit) assert.fail('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('every mailer gets every mail, in order, whatever becomes of the others', async (context) => {
  const good = await listen(context);
  const deaf = await listen(context, true);
  const reports: string[] = [];
  const sender = new MailSender({ dateNow: () => DATE, report: (text) => reports.push(text) });
  context.after(() => sender.stop());
  const to = alert([good.port, deaf.port, 1], 200);
  for (let mail = 0; mail < 5; mail++) sender.send(to, `mail ${mail}`);
  await until(() => good.mails.length === 5);
  assert.deepEqual(
    good.mails.map((mail) => /Subject: \[HAProxy Alert\] (.*)\r/.exec(mail)?.[1]),
    ['mail 0', 'mail 1', 'mail 2', 'mail 3', 'mail 4'],
  );
  await until(() => sender.lost === 10);
  assert.deepEqual(reports.toSorted(), [
    'Mailer m1 (127.0.0.1:' + deaf.port + ') takes no mails: nothing within 200 ms. They are lost.',
    'Mailer m2 (127.0.0.1:1) takes no mails: ECONNREFUSED. They are lost.',
  ]);
});

test('what waits for a dead mailer is bounded', async (context) => {
  const deaf = await listen(context, true);
  const sender = new MailSender({ dateNow: () => DATE, report: () => {} });
  context.after(() => sender.stop());
  const to = alert([deaf.port]);
  for (let mail = 0; mail < MAX_WAITING + 21; mail++) sender.send(to, 'x');
  assert.equal(sender.lost, 20, 'one is on its way');
});

const AIOSMTPD = ((): string | undefined => {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import aiosmtpd'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'Debian package python3-aiosmtpd is not installed';
  }
})();

test('a real SMTP server takes the mail', { skip: AIOSMTPD ?? false }, async (context) => {
  const script = `
import asyncio
from aiosmtpd.smtp import SMTP
class Handler:
    async def handle_DATA(self, server, session, envelope):
        print(envelope.mail_from, envelope.rcpt_tos, envelope.content.decode(), flush=True)
        return '250 taken'
async def main():
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Handler()), '127.0.0.1', 0)
    print('port', server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
`;
  const child = spawn('/usr/bin/python3', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  context.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('latin1')));
  await until(() => /port \d+/.test(output));
  const sender = new MailSender({ dateNow: () => DATE, report: (text) => assert.fail(text) });
  context.after(() => sender.stop());
  sender.send(alert([Number(/port (\d+)/.exec(output)![1])]), TEXT);
  await until(() => output.includes('Subject'));
  await until(() => output.split(TEXT).length === 3);
  assert.match(output, /proxy@example\.com \['ops@example\.com'\] From: proxy@example\.com/);
});
