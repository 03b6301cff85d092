// Who asks over the channel, and does not hang up. What is asked is in test/system/service.test.ts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { ControlChannel } from './channel.ts';
import { channelPath } from './channel-name.ts';

/** Connects, asks, and resolves with all that was answered; the own half of the connection stays open until the end of the test. */
async function ask(held: { destroy(): void }[]): Promise<string> {
  const socket = connect({ path: channelPath(process.pid), allowHalfOpen: true });
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
