// A server that is moved while it serves, as resolvers and operators move it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackendVersion, Mailbox, ServerAddress, Wake, type RuntimeAddress } from '@evenkeel/shm';
import { listen, setup, type Setup } from './test-setup.ts';

function move({ owner, plan }: Setup, address: RuntimeAddress | undefined): void {
  const { backendSlot, serverSlots } = plan.proxies[0];
  new ServerAddress(owner.segment, serverSlots[0]).write(address);
  new BackendVersion(owner.segment, backendSlot).publish();
  new Mailbox(owner.segment).postAll(Wake.state);
}

const loopback = (port: number): RuntimeAddress => ({ family: 4, words: [0, 0, 0xffff, 0x7f000001], port });

test('new connections go where a server was moved to, and back when that is taken back', async (context) => {
  const old = await listen(context);
  const other = await listen(context);
  const stage = setup(context, [{ port: old.port }]);
  const { backend, client } = stage;
  const ask = async (): Promise<number> => {
    const one = await client().start(backend).settled();
    const { port } = one.connection!.remote;
    one.end();
    return port;
  };
  assert.equal(await ask(), old.port);
  move(stage, loopback(other.port));
  assert.equal(await ask(), other.port);
  assert.equal(backend.servers[0].addressText, `127.0.0.1:${other.port}`);
  move(stage, undefined);
  assert.equal(await ask(), old.port);
});

test('no idle connection to where a server was is used again, nor one that a stream gives back later', async (context) => {
  const old = await listen(context);
  const other = await listen(context);
  const stage = setup(context, [{ port: old.port }], { mode: 'http', httpReuse: 'always' });
  const { backend, client } = stage;
  const idle = await client().start(backend).settled();
  const busy = await client().start(backend).settled();
  idle.giveBack();
  assert.equal(backend.servers[0].pool.idle, 1);
  move(stage, loopback(other.port));
  const next = await client().start(backend).settled();
  assert.deepEqual([next.reused, next.connection!.remote.port], [false, other.port]);
  busy.giveBack();
  assert.equal(backend.servers[0].pool.idle, 0);
});

test('a move that leads to the same place keeps what is idle', async (context) => {
  const { port } = await listen(context);
  const stage = setup(context, [{ port }], { mode: 'http', httpReuse: 'always' });
  const { backend, client } = stage;
  (await client().start(backend).settled()).giveBack();
  move(stage, loopback(port));
  const next = await client().start(backend).settled();
  assert.equal(next.reused, true);
});
