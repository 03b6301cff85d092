import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stream, newContext } from './cli/command.ts';
import type { Command } from './cli/command.ts';
import { Interpreter } from './cli/interpreter.ts';
import { CliSession } from './cli/session.ts';
import type { Runtime } from './runtime.ts';
import { SocketChannel } from './socket-channel.ts';

let made = 0;

function* endless(): Generator<string> {
  for (;;) {
    made++;
    yield `${'x'.repeat(1023)}\n`;
  }
}

async function* waits(): AsyncGenerator<string> {
  yield 'first\n';
  await new Promise(() => {});
}

async function* soon(): AsyncGenerator<string> {
  await Promise.resolve();
  yield 'soon\n';
}

const command = (name: string, run: Command['run']): Command => ({
  words: [name],
  parameters: '',
  help: name,
  level: 'user',
  run,
});

let haveDone = (): void => {};
const whenDone = new Promise<void>((resolve) => (haveDone = resolve));

const interpreter = new Interpreter([
  command('patience', async () => {
    await whenDone;
    return 'done\n';
  }),
  command('hello', () => 'hello\n'),
  command('endless', () => new Stream(endless())),
  command('soon', () => new Stream(soon(), true)),
  command('prompt', (context) => {
    context.interactive = true;
    return '';
  }),
  command('quit', (context) => {
    context.leaving = true;
    return '';
  }),
  command('waits', () => new Stream(waits(), true)),
]);

let folder: string;
let path: string;
let server: Server;
let limitMs = 10_000;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evenkeel-channel-'));
  path = join(folder, 'socket');
  server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    const context = newContext({} as Runtime, 'test', 'admin', { timeoutMs: limitMs });
    const channel = new SocketChannel(socket);
    const session = new CliSession(interpreter, context, channel);
    session.converse().then(
      () => channel.close(),
      () => socket.destroy(),
    );
  });
  server.listen(path);
  await once(server, 'listening');
});

after(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function answerOf(socket: Socket): Promise<string> {
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
  socket.on('error', () => {});
  await once(socket, 'close');
  return answer;
}

/** Until the server has closed every connection. */
async function allGone(): Promise<void> {
  const count = async (): Promise<number> =>
    await new Promise((resolve, reject) =>
      server.getConnections((error, connections) => (error === null ? resolve(connections) : reject(error))),
    );
  while ((await count()) > 0) await new Promise((resolve) => setImmediate(resolve));
}

test('a client that has closed its half is answered', async () => {
  const socket = connect({ path, allowHalfOpen: true });
  socket.end('hello\n');
  assert.equal(await answerOf(socket), 'hello\n\n');
});

test('the connection is gone after the answer, whether the client closes its half or not', async () => {
  const socket = connect({ path, allowHalfOpen: true });
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
  socket.write('hello\n');
  await once(socket, 'end');
  assert.equal(answer, 'hello\n\n');
  await allGone();
  socket.destroy();
});

test('a command that comes byte by byte is one command', async () => {
  const socket = connect({ path });
  const answer = answerOf(socket);
  for (const byte of 'hello\n') {
    socket.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(await answer, 'hello\n\n');
});

test('who does not read gets no more than buffers hold, and delays nobody', async () => {
  made = 0;
  const slow = connect({ path });
  slow.pause();
  slow.write('endless\n');
  // Answers go on for others however much the slow one was sent.
  for (let round = 0; round < 50; round++) {
    const other = connect({ path });
    other.write('hello\n');
    assert.equal(await answerOf(other), 'hello\n\n');
  }
  const before = made;
  for (let round = 0; round < 50; round++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(made, before);
  // A kernel's buffer, ours and a piece: nothing near what could have been made.
  assert.ok(made < 4096, String(made));
  slow.destroy();
});

test('a client that leaves in the middle ends its answer', async () => {
  const socket = connect({ path });
  socket.write('endless\n');
  await once(socket, 'data');
  socket.destroy();
  await once(socket, 'close');
  const other = connect({ path });
  other.write('hello\n');
  assert.equal(await answerOf(other), 'hello\n\n');
});

test('whatever is sent ends an answer that waits for news', async () => {
  const socket = connect({ path });
  socket.write('waits\n');
  const [first] = (await once(socket, 'data')) as [Buffer];
  assert.equal(first.toString(), 'first\n');
  const rest = answerOf(socket);
  socket.write('\n');
  assert.equal(await rest, '\n');
});

test('what comes after such an answer has ended by itself is a command', async () => {
  const socket = connect({ path });
  socket.write('prompt\n');
  await once(socket, 'data');
  socket.write('soon\n');
  await once(socket, 'data');
  const rest = answerOf(socket);
  socket.write('hello\nquit\n');
  assert.equal(await rest, 'hello\n\n> ');
});

test('silence ends a conversation, also that of a client that does not read', async () => {
  limitMs = 50;
  try {
    for (const text of ['', 'hel', 'endless\n']) {
      const accepted = once(server, 'connection');
      const socket = connect({ path });
      socket.pause();
      socket.on('error', () => {});
      socket.write(text);
      const closed = once(socket, 'close');
      if (text === 'endless\n') {
        // What was sent before the end may be read after it.
        await accepted;
        await allGone();
        socket.resume();
      } else socket.resume();
      await closed;
    }
  } finally {
    limitMs = 10_000;
  }
});

test('an answer that takes longer than a client may be silent still comes', async () => {
  limitMs = 50;
  try {
    const socket = connect({ path });
    socket.write('patience\n');
    const answer = answerOf(socket);
    // Who was silent after it was asked for is sent away before it is there.
    for (let round = 0; round < 3; round++) {
      const silent = connect({ path });
      silent.resume();
      await once(silent, 'close');
    }
    haveDone();
    assert.equal(await answer, 'done\n\n');
  } finally {
    limitMs = 10_000;
  }
});

test('who waits for news, and hears none for too long, gets the end of the answer', async () => {
  limitMs = 50;
  try {
    for (const [text, answer] of [
      ['waits\n', 'first\n\n'],
      ['prompt\nwaits\n', '\n> first\n\n> '],
    ]) {
      const socket = connect({ path });
      socket.write(text);
      assert.equal(await answerOf(socket), answer);
    }
  } finally {
    limitMs = 10_000;
  }
});

test('garbage does no harm', async () => {
  for (let round = 0; round < 30; round++) {
    const socket = connect({ path });
    socket.write(randomBytes(1 + ((round * 7919) % 40_000)));
    socket.end('\nhello\n');
    await answerOf(socket);
  }
  const socket = connect({ path });
  socket.write('hello\n');
  assert.equal(await answerOf(socket), 'hello\n\n');
});
