// Who asks over the channel, and does not hang up. What is asked is in test/system/service.test.ts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { ControlChannel } from './channel.ts';
import { channelPaths, newChannelPath } from './channel-name.ts';

/** Connects, asks, and resolves with all that was answered; the own half of the connection stays open until the end of the test. */
async function ask(held: { destroy(): void }[]): Promise<string> {
  const socket = connect({ path: channelPaths(process.pid)[0], allowHalfOpen: true });
  held.push(socket);
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString('utf8')));
  // Who is sent away at once is told by an error of the socket.
  socket.on('error', () => undefined);
  socket.write('status\n');
  await Promise.race([once(socket, 'end'), once(socket, 'close')]);
  return heard;
}

test('who was answered and does not hang up keeps nobody out', { timeout: 20_000 }, async (context) => {
  const held: { destroy(): void }[] = [];
  const channel = new ControlChannel(
    process.pid,
    { reload: async () => await Promise.resolve({ ok: true, text: '' }), status: () => ({ ok: true, text: 'well' }) },
    (reason) => assert.fail(reason),
  );
  context.after(() => {
    for (const socket of held) socket.destroy();
    channel.close();
  });
  for (let count = 0; count < 40; count++) assert.equal(await ask(held), '{"ok":true,"text":"well"}\n');
});

test('the name of a channel is found while it is listened at, and is another one each time', async () => {
  const [first, second] = [newChannelPath(1), newChannelPath(1)];
  assert.notEqual(first, second);
  assert.deepEqual(channelPaths(1_000_000_007), []);
  const server = createServer().listen(newChannelPath(1_000_000_007));
  await once(server, 'listening');
  assert.deepEqual(channelPaths(1_000_000_007), [server.address()]);
  // The number of another process may begin like this one's.
  assert.deepEqual(channelPaths(100_000_000), []);
  server.close();
  await once(server, 'close');
  assert.deepEqual(channelPaths(1_000_000_007), []);
});
