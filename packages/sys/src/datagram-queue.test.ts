import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DatagramQueue } from './datagram-queue.ts';
import { missing } from './test-child.ts';

const skip = missing('socat');
const OPTIONS = { bytes: 4096, datagrams: 64, waitMs: 5, totalWaitMs: 50 };

async function until(condition: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + 10_000; !condition();) {
    if (performance.now() > end) throw new Error(`waited 10 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function push(queue: DatagramQueue, text: string): boolean {
  // Longer than what is meant, as the memory of a caller is.
  return queue.push(Buffer.from(`${text} and more`, 'latin1'), text.length);
}

describe('a queue of datagrams', { skip }, () => {
  let folder = '';
  const children: ChildProcess[] = [];
  before(() => void (folder = mkdtempSync(join(tmpdir(), 'evenkeel-sys-'))));
  after(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  async function receiver(path: string): Promise<{ child: ChildProcess; text: () => string }> {
    const child = spawn('socat', ['-u', '-b', '70000', `UNIX-RECV:${path}`, '-'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    await until(() => existsSync(path), 'the receiver');
    return { child, text: () => text };
  }

  it('hands on what it was given, whole and in order, also when its memory was used to the end', async () => {
    const path = join(folder, 'order');
    const queue = new DatagramQueue({ family: 'unix', path }, OPTIONS);
    const { text } = await receiver(path);
    let expected = '';
    for (let round = 0; round < 50; round++) {
      for (let index = 0; index < round; index++) {
        const line = `${round}/${index} `.padEnd(8 + ((round * 7 + index) % 60), '.');
        if (!push(queue, line)) break;
        expected += line;
      }
      await until(() => queue.flush(true) === 'sent', 'room');
      assert.equal(queue.waiting, 0);
    }
    await until(() => text().length >= expected.length, 'all of it');
    assert.equal(text(), expected);
    queue.close();
  });

  it('keeps what a receiver without room did not take, waits for it no longer than allowed, and moves it to make room', async () => {
    const path = join(folder, 'stopped');
    const queue = new DatagramQueue({ family: 'unix', path }, OPTIONS);
    const { child, text } = await receiver(path);
    child.kill('SIGSTOP');
    let pushed = 0;
    const fill = (): void => {
      while (push(queue, `line ${String(pushed).padStart(4, '0')} `.padEnd(60, '.'))) pushed++;
    };
    fill();
    assert.equal(queue.waiting, 64);
    assert.equal(queue.flush(true), 'again');
    assert.equal(queue.lastError, 'EAGAIN');
    const left = queue.waiting;
    assert.ok(left > 0 && left < 64, `${left} are left`);
    // What the kernel took made room, which is found by moving what is left.
    fill();
    assert.equal(queue.waiting, 64);
    assert.equal(queue.flush(false), 'again');
    child.kill('SIGCONT');
    await until(() => queue.flush(true) === 'sent', 'room');
    await until(() => text().length >= pushed * 60, 'all of it');
    const numbers = [...text().matchAll(/line (\d+)/g)].map(([, number]) => Number(number));
    assert.deepEqual(
      numbers,
      Array.from({ length: pushed }, (_, index) => index),
    );
    queue.close();
  });

  it('says gone where nobody receives, keeps what waits, and reaches a receiver that comes later', async () => {
    const path = join(folder, 'later');
    const queue = new DatagramQueue({ family: 'unix', path }, OPTIONS);
    push(queue, 'one ');
    push(queue, 'two ');
    push(queue, 'three');
    assert.equal(queue.flush(true), 'gone');
    assert.equal(queue.lastError, 'ENOENT');
    assert.equal(queue.waiting, 3);
    queue.drop(1);
    const { text } = await receiver(path);
    assert.equal(queue.flush(true), 'sent');
    await until(() => text() === 'two three', 'what was not dropped');
    queue.close();
    push(queue, 'never');
    assert.equal(queue.flush(true), 'gone');
  });

  it('goes over to another receiver under the name: at once when the old one is gone, and soon while it lives', async () => {
    const path = join(folder, 'successor');
    const queue = new DatagramQueue({ family: 'unix', path }, OPTIONS);
    const send = (text: string): string => {
      push(queue, text);
      return queue.flush(true);
    };
    const first = await receiver(path);
    assert.equal(send('one'), 'sent');
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    rmSync(path);
    assert.equal(send('two '), 'gone');
    assert.equal(queue.lastError, 'ENOENT');
    const second = await receiver(path);
    assert.equal(send('three'), 'sent', queue.lastError);
    await until(() => second.text() === 'two three', 'what waited');

    // The name is given to another socket while the old one is still open.
    rmSync(path);
    assert.equal(send(' four'), 'sent', queue.lastError);
    const third = await receiver(path);
    await until(() => {
      send('.');
      return third.text() !== '';
    }, 'a line at the new receiver');
    assert.ok(second.text().startsWith('two three four'), 'nothing is lost');
    queue.close();
  });

  it('takes no more bytes and no more datagrams than it has room for', () => {
    const queue = new DatagramQueue({ family: 'unix', path: join(folder, 'none') }, { ...OPTIONS, datagrams: 3 });
    assert.equal(queue.push(Buffer.alloc(4097), 4097), false);
    assert.equal(queue.push(Buffer.alloc(4000), 4000), true);
    assert.equal(queue.push(Buffer.alloc(100), 100), false);
    assert.equal(queue.push(Buffer.alloc(40), 40), true);
    assert.equal(queue.push(Buffer.alloc(40), 40), true);
    assert.equal(queue.push(Buffer.alloc(1), 1), false);
    queue.drop(3);
    assert.equal(queue.push(Buffer.alloc(4096), 4096), true);
    queue.close();
  });

  it('names the datagram that is too long by refusing it first', () => {
    const queue = new DatagramQueue({ family: 'ipv4', address: '127.0.0.1', port: 9 }, { ...OPTIONS, bytes: 200_000 });
    push(queue, 'fits');
    queue.push(Buffer.alloc(70_000), 70_000);
    push(queue, 'fits too');
    assert.equal(queue.flush(false), 'too-big');
    assert.equal(queue.waiting, 2);
    queue.drop(1);
    assert.equal(queue.flush(false), 'sent');
    queue.close();
  });
});
