import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { DescriptorWriter } from './descriptor-writer.ts';
import { closeFd, descriptorOf } from './socket.ts';

/** A pipe's two ends, as a FIFO opened for both directions and then for each. */
function pipe(): { readonly reader: number; readonly writer: number } {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-sys-'));
  const path = join(folder, 'fifo');
  assert.equal(spawnSync('mkfifo', [path]).status, 0);
  const both = openSync(path, 'r+');
  const reader = openSync(path, 'r');
  const writer = openSync(path, 'w');
  closeSync(both);
  rmSync(folder, { recursive: true });
  return { reader, writer };
}

describe('writing to a shared descriptor', () => {
  it('never waits for the reader of a pipe: a full one takes nothing, and says so at once', () => {
    const { reader, writer } = pipe();
    const out = new DescriptorWriter(writer);
    const chunk = Buffer.alloc(out.chunkBytes, 'x');
    let taken = 0;
    for (let last = 1; last > 0; taken += Math.max(0, last)) last = out.write(chunk);
    assert.ok(taken >= 4096, `${taken} bytes`);
    assert.equal(out.hasRoom(0), false);
    assert.equal(out.hasRoom(1), false);
    closeSync(reader);
    assert.equal(out.hasRoom(0), true);
    assert.equal(out.write(chunk), -1);
    assert.equal(out.lastError, 'EPIPE');
    closeSync(writer);
  });

  it('uses MSG_DONTWAIT on sockets, which may be blocking ones of another process', async () => {
    // A child's standard streams are Unix sockets here.
    const child = spawn('sleep', ['60'], { stdio: ['pipe', 'ignore', 'ignore'] });
    const fd = descriptorOf(child.stdin);
    const out = new DescriptorWriter(fd);
    assert.equal(out.isDatagram, false);
    const chunk = Buffer.alloc(4096, 'x');
    let writes = 0;
    while (out.write(chunk) > 0 && writes < 10_000) writes++;
    assert.ok(writes > 0 && writes < 10_000, `${writes} writes`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(out.write(chunk), -1);
    child.stdin.destroy();
  });

  it('refuses a descriptor that is not open', () => {
    const fd = openSync('/dev/null', 'w');
    closeFd(fd);
    assert.throws(() => new DescriptorWriter(fd), { code: 'EBADF' });
  });
});
