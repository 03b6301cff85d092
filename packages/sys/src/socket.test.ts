import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeInternetAddress, readAddress } from './address.ts';
import { openListener } from './listener.ts';
import {
  closeFd,
  descriptorOf,
  dup,
  getPeerName,
  getSocketName,
  isCloseOnExec,
  isListening,
  isOpen,
  isSocket,
  setCloseOnExec,
  socketFamily,
  socketType,
} from './socket.ts';

describe('descriptors', () => {
  it('dup gives a close-on-exec copy that outlives the original', () => {
    const fd = openListener({ family: 'ipv4', address: '127.0.0.1', backlog: 1 });
    const copy = dup(fd);
    assert.equal(isCloseOnExec(copy), true);
    const name = getSocketName(fd);
    closeFd(fd);
    assert.equal(isOpen(fd), false);
    assert.equal(isListening(copy), true);
    assert.deepEqual(getSocketName(copy), name);
    closeFd(copy);
    assert.throws(() => closeFd(copy), { code: 'EBADF', syscall: 'close' });
    assert.throws(() => dup(copy), { code: 'EBADF' });
  });

  it('close-on-exec is switched both ways', () => {
    const fd = openListener({ family: 'ipv4', address: '127.0.0.1' });
    setCloseOnExec(fd, false);
    assert.equal(isCloseOnExec(fd), false);
    setCloseOnExec(fd, true);
    assert.equal(isCloseOnExec(fd), true);
    closeFd(fd);
  });

  it('a file is no socket', () => {
    const fd = openSync('/dev/null', 'r');
    assert.equal(isSocket(fd), false);
    assert.equal(isListening(fd), false);
    assert.equal(socketFamily(fd), 'other');
    assert.equal(socketType(fd), 'other');
    assert.throws(() => getSocketName(fd), { code: 'ENOTSOCK' });
    closeSync(fd);
  });

  it('descriptorOf finds what is below servers and sockets, and -1 when closed', async () => {
    const server = createServer();
    assert.equal(descriptorOf(server), -1);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
    const client = connect(port, '127.0.0.1');
    const peer = await accepted;
    const fd = descriptorOf(peer);
    assert.equal(isSocket(fd), true);
    assert.equal(socketFamily(fd), 'ipv4');
    assert.equal(socketType(fd), 'stream');
    assert.deepEqual(getSocketName(fd), { family: 'ipv4', address: '127.0.0.1', port });
    assert.deepEqual(getPeerName(fd), { family: 'ipv4', address: '127.0.0.1', port: client.localPort });
    peer.destroy();
    assert.equal(descriptorOf(peer), -1);
    client.destroy();
    server.close();
    assert.equal(descriptorOf(server), -1);
  });
});

describe('addresses', () => {
  // The URL parser writes IPv6 addresses by the same RFC 5952 rules (WHATWG URL, "IPv6 serializer"), but for mapped ones.
  it('IPv6 texts are those of RFC 5952', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
          minLength: 8,
          maxLength: 8,
        }),
        (groups) => {
          const text = groups.map((group) => group.toString(16)).join(':');
          const expected = new URL(`http://[${text}]/`).hostname.slice(1, -1);
          fc.pre(!/^::(ffff:)?[0-9a-f]+:[0-9a-f]+$/.test(expected));
          assert.deepEqual(roundTrip('ipv6', text), { family: 'ipv6', address: expected, port: 443 });
        },
      ),
    );
  });

  it('mapped and compatible addresses', () => {
    assert.deepEqual(roundTrip('ipv6', '::ffff:192.0.2.1'), { family: 'ipv6', address: '::ffff:192.0.2.1', port: 443 });
    assert.deepEqual(roundTrip('ipv6', '::'), { family: 'ipv6', address: '::', port: 443 });
    assert.deepEqual(roundTrip('ipv4', '203.0.113.250'), { family: 'ipv4', address: '203.0.113.250', port: 443 });
  });
});

function roundTrip(family: 'ipv4' | 'ipv6', text: string): unknown {
  const encoded = encodeInternetAddress(family, text, 443);
  return readAddress((bytes, length) => {
    bytes.set(encoded);
    length[0] = encoded.length;
  });
}
