import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { SysError, reasonOf } from './errors.ts';
import { closeFd } from './socket.ts';
import { UnixListener } from './unix-listener.ts';

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-sys-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A server at the path that says who it is. */
async function serverAt(context: TestContext, path: string, name: string): Promise<void> {
  const server = net.createServer((socket) => socket.end(name)).listen(path);
  await once(server, 'listening');
  context.after(() => server.close());
}

async function whoAnswers(path: string): Promise<string> {
  const [said] = (await once(net.connect(path), 'data')) as [Buffer];
  return said.toString();
}

function serve(context: TestContext, listener: UnixListener): void {
  const server = net.createServer((socket) => socket.end('new')).listen({ fd: listener.descriptor });
  context.after(() => server.close());
}

describe('UnixListener', () => {
  it('takes a path that another server has without a moment in which nobody answers there', async (context) => {
    const path = join(folderOf(context), 's');
    await serverAt(context, path, 'old');
    const listener = new UnixListener({ path, backlog: 10, mode: 0o640 });
    serve(context, listener);
    assert.equal(await whoAnswers(path), 'old');
    listener.takePath();
    assert.equal(await whoAnswers(path), 'new');
    listener.keepPath();
    assert.equal(statSync(path).mode & 0o777, 0o640);
    assert.deepEqual(readdirSync(join(path, '..')), ['s']);
    listener.removePath();
    assert.deepEqual(readdirSync(join(path, '..')), []);
  });

  it('gives the path back to the server that had it', async (context) => {
    const path = join(folderOf(context), 's');
    await serverAt(context, path, 'old');
    const listener = new UnixListener({ path, backlog: 10 });
    serve(context, listener);
    listener.takePath();
    listener.giveBackPath();
    assert.equal(await whoAnswers(path), 'old');
    assert.deepEqual(readdirSync(join(path, '..')), ['s']);
  });

  it('leaves nothing where nothing was, taken or not', (context) => {
    const folder = folderOf(context);
    for (const takes of [true, false]) {
      const listener = new UnixListener({ path: join(folder, 's'), backlog: 10 });
      if (takes) listener.takePath();
      listener.giveBackPath();
      closeFd(listener.descriptor);
      assert.deepEqual(readdirSync(folder), []);
    }
  });

  it('removes no path that another process took since', async (context) => {
    const path = join(folderOf(context), 's');
    const listener = new UnixListener({ path, backlog: 10 });
    serve(context, listener);
    listener.takePath();
    listener.keepPath();
    rmSync(path);
    await serverAt(context, path, 'newer');
    listener.removePath();
    assert.equal(await whoAnswers(path), 'newer');
  });

  it('says in the words of the C library why it cannot listen', () => {
    assert.throws(
      () => new UnixListener({ path: '/nonexistent/s', backlog: 10 }),
      (error) => error instanceof SysError && reasonOf(error) === 'No such file or directory',
    );
  });
});
