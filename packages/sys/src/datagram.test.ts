import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { notifyServiceManager, openDatagram } from './datagram.ts';
import { missing } from './test-child.ts';

const skip = missing('socat');

async function until(condition: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + 10_000; !condition();) {
    if (performance.now() > end) throw new Error(`waited 10 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

interface Receiver {
  readonly child: ChildProcess;
  text(): string;
  stop(): Promise<void>;
}

const receivers: Receiver[] = [];

/** A receiver of datagrams: socat prints what comes. It is stopped at the end at the latest. */
function receive(address: string): Receiver {
  const child = spawn('socat', ['-u', '-b', '70000', address, '-'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const receiver: Receiver = {
    child,
    text: () => Buffer.concat(chunks).toString(),
    stop: () => (child.kill('SIGKILL'), ended),
  };
  receivers.push(receiver);
  return receiver;
}

describe('datagrams', { skip }, () => {
  let folder = '';
  before(() => void (folder = mkdtempSync(join(tmpdir(), 'evenkeel-sys-'))));
  after(async () => {
    for (const receiver of receivers) await receiver.stop();
    rmSync(folder, { recursive: true });
  });

  it('reach a Unix receiver again after it was restarted, and say gone meanwhile', async () => {
    const path = join(folder, 'log');
    const socket = openDatagram({ family: 'unix', path });
    assert.equal(socket.send(Buffer.from('lost')), 'gone');
    assert.equal(socket.lastError, 'ENOENT');
    const first = receive(`UNIX-RECV:${path}`);
    await until(() => existsSync(path), 'the first receiver');
    assert.equal(socket.send(Buffer.from('one')), 'sent');
    await until(() => first.text() === 'one', 'the first datagram');
    await first.stop();
    assert.equal(socket.send(Buffer.from('lost')), 'gone');
    assert.equal(socket.lastError, 'ECONNREFUSED');
    rmSync(path);
    const second = receive(`UNIX-RECV:${path}`);
    await until(() => existsSync(path), 'the second receiver');
    assert.equal(socket.send(Buffer.from('two')), 'sent');
    await until(() => second.text() === 'two', 'the second datagram');
    await second.stop();
    socket.close();
    assert.equal(socket.send(Buffer.from('closed')), 'gone');
  });

  it('say again when a receiver does not read, and never block', async () => {
    const path = join(folder, 'slow');
    const receiver = receive(`UNIX-RECV:${path}`);
    await until(() => existsSync(path), 'the receiver');
    receiver.child.kill('SIGSTOP');
    const socket = openDatagram({ family: 'unix', path });
    const payload = Buffer.alloc(8000, 'x');
    let sent = 0;
    // net.unix.max_dgram_qlen and the send buffer both bound what fits.
    while (sent < 10_000 && socket.send(payload) === 'sent') sent++;
    assert.ok(sent > 0 && sent < 10_000);
    assert.equal(socket.lastError, 'EAGAIN');
    receiver.child.kill('SIGCONT');
    await until(() => receiver.text().length === sent * payload.length, 'all that was sent');
    assert.equal(socket.send(payload), 'sent');
    await receiver.stop();
    socket.close();
  });

  for (const [family, address, listen] of [
    ['ipv4', '127.0.0.1', 'UDP4-RECV'],
    ['ipv6', '::1', 'UDP6-RECV'],
  ] as const) {
    it(`go to ${address} by UDP`, async () => {
      const port = 20_000 + (process.pid % 20_000) + (family === 'ipv4' ? 0 : 1);
      const receiver = receive(`${listen}:${port},bind=${family === 'ipv4' ? address : `[${address}]`}`);
      const table = family === 'ipv4' ? '/proc/net/udp' : '/proc/net/udp6';
      await until(
        () => readFileSync(table, 'latin1').includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} `),
        'the receiver',
      );
      const socket = openDatagram({ family, address, port });
      assert.equal(socket.send(Buffer.from('<134>hello')), 'sent');
      await until(() => receiver.text() === '<134>hello', 'the datagram');
      assert.equal(socket.send(Buffer.alloc(70_000)), 'too-big');
      assert.equal(socket.lastError, 'EMSGSIZE');
      await receiver.stop();
      socket.close();
    });
  }

  it('take bytes of shared memory', async () => {
    const path = join(folder, 'shared');
    const receiver = receive(`UNIX-RECV:${path}`);
    await until(() => existsSync(path), 'the receiver');
    const shared = Buffer.from(new SharedArrayBuffer(16), 4, 6);
    shared.write('shared');
    const socket = openDatagram({ family: 'unix', path });
    assert.equal(socket.send(shared), 'sent');
    await until(() => receiver.text() === 'shared', 'the datagram');
    await receiver.stop();
    socket.close();
  });

  it('an address that is not numeric is EINVAL at once', () => {
    assert.throws(() => openDatagram({ family: 'ipv4', address: 'localhost', port: 514 }), { code: 'EINVAL' });
  });

  for (const [what, variable, address] of [
    ['a path', (folder: string) => join(folder, 'notify'), (folder: string) => `UNIX-RECV:${join(folder, 'notify')}`],
    ['an abstract name', () => `@evenkeel-notify-${process.pid}`, () => `ABSTRACT-RECV:evenkeel-notify-${process.pid}`],
  ] as const) {
    it(`sd_notify reaches ${what} in NOTIFY_SOCKET`, async () => {
      const environment = { NOTIFY_SOCKET: variable(folder) };
      assert.equal(notifyServiceManager('READY=1', environment), false);
      const receiver = receive(address(folder));
      await until(() => notifyServiceManager('READY=1\nSTATUS=serving', environment), 'the service manager');
      await until(() => receiver.text() === 'READY=1\nSTATUS=serving', 'the state');
      await receiver.stop();
    });
  }

  it('sd_notify without NOTIFY_SOCKET, or with one of another kind, does nothing', () => {
    assert.equal(notifyServiceManager('READY=1', {}), false);
    assert.equal(notifyServiceManager('READY=1', { NOTIFY_SOCKET: 'vsock:2:99' }), false);
  });
});
