// Bodies of many sizes and framings arrive unchanged in both directions at once, over kept connections, with peers whose pace
// changes. The other ends are Node's own HTTP client and server, which know nothing of this code.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as http from 'node:http';
import { test } from 'node:test';
import { startProxy } from './test-kit.ts';

const SIZES = [0, 1, 55, 1000, 15000, 16000, 16384, 65535, 65536, 200_000, 1_500_000];

const hash = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

async function readAll(stream: http.IncomingMessage, isSlow: boolean): Promise<Buffer> {
  const pieces: Buffer[] = [];
  stream.on('data', (piece: Buffer) => {
    pieces.push(piece);
    if (isSlow && pieces.length % 7 === 0) {
      stream.pause();
      setTimeout(() => stream.resume(), 2);
    }
  });
  await once(stream, 'end');
  return Buffer.concat(pieces);
}

/** Writes a body in pieces of changing size; without a length the message is chunked. */
function writeBody(message: http.OutgoingMessage, body: Buffer): void {
  let at = 0;
  for (let size = 1; at < body.length; size = Math.min(size * 3, 50_000)) {
    message.write(body.subarray(at, at + size));
    at += size;
  }
  message.end();
}

for (const mode of ['http-keep-alive', 'http-server-close'] as const) {
  test(`bodies arrive as they were sent (${mode})`, async (t) => {
    const origin = http.createServer((request, response) => {
      void readAll(request, request.headers['x-slow'] === '1').then((body) => {
        response.setHeader('x-hash', hash(body));
        const answer = randomBytes(Number(request.headers['x-size']));
        response.setHeader('x-answer', hash(answer));
        if (request.headers['x-length'] === '1') response.setHeader('content-length', answer.length);
        writeBody(response, answer);
      });
    });
    origin.listen(0, '127.0.0.1');
    await once(origin, 'listening');
    t.after(() => {
      origin.closeAllConnections();
      origin.close();
    });
    const { port: originPort } = origin.address() as { port: number };
    const proxy = await startProxy(t, {
      noServer: true,
      defaults: [`option ${mode}`],
      backend: [`server s1 127.0.0.1:${originPort}`],
    });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 6 });
    t.after(() => agent.destroy());
    const exchange = async (requestSize: number, responseSize: number, choice: number): Promise<void> => {
      const body = randomBytes(requestSize);
      const request = http.request({
        port: proxy.port,
        host: '127.0.0.1',
        agent,
        method: 'POST',
        headers: {
          'x-size': responseSize,
          'x-length': choice & 1 ? '1' : '0',
          'x-slow': choice & 2 ? '1' : '0',
          ...(choice & 4 ? { 'content-length': requestSize } : { 'transfer-encoding': 'chunked' }),
        },
      });
      writeBody(request, body);
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      const answer = await readAll(response, (choice & 8) !== 0);
      assert.deepEqual(
        [response.statusCode, response.headers['x-hash'], response.headers['x-answer'], answer.length],
        [200, hash(body), hash(answer), responseSize],
      );
    };
    const work: Promise<void>[] = [];
    for (const [index, requestSize] of SIZES.entries()) {
      for (let choice = 0; choice < 16; choice++) {
        work.push(exchange(requestSize, SIZES[(index * 5 + choice) % SIZES.length], choice));
      }
    }
    await Promise.all(work);
  });
}
