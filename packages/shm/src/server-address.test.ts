import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { SegmentOwner } from './segment-owner.ts';
import { Segment } from './segment.ts';
import { ServerAddress, type RuntimeAddress } from './server-address.ts';

/** All words equal, so that a mixture shows. */
const uniform = (value: number): RuntimeAddress => ({
  family: 6,
  words: [value, value, value, value],
  port: value % 65_536,
});

describe('the address of a server', () => {
  it('is that of the configuration until one is written, and again after it is taken back', () => {
    const owner = new SegmentOwner({ maxThreads: 2 });
    const slot = owner.allocate('server', 'b/s');
    const main = new ServerAddress(owner.segment, slot);
    const other = new ServerAddress(new Segment(owner.handle(), { thread: 1, incarnation: 1 }), slot);
    assert.equal(other.read(), undefined);
    const before = other.version();
    main.write({ family: 4, words: [0, 0, 0xffff, 0xc0a80001], port: 8080 });
    assert.notEqual(other.version(), before);
    assert.deepEqual(other.read(), { family: 4, words: [0, 0, 0xffff, 0xc0a80001], port: 8080 });
    for (const port of [
      { port: 0 },
      { port: 65_535 },
      {},
      { portOffset: -65_535 },
      { portOffset: 0 },
      { portOffset: 65_535 },
    ]) {
      main.write({ family: 4, words: [0, 0, 0xffff, 1], ...port });
      assert.deepEqual(other.read(), { family: 4, words: [0, 0, 0xffff, 1], ...port });
    }
    main.write(undefined);
    assert.equal(other.read(), undefined);
  });

  it('is never read as a mixture of two', async () => {
    const owner = new SegmentOwner({ maxThreads: 2 });
    const slot = owner.allocate('server', 'b/s');
    const main = new ServerAddress(owner.segment, slot);
    main.write(uniform(1));
    const worker = new Worker(new URL('../test/server-address-reader.ts', import.meta.url), {
      workerData: { handle: owner.handle(), slot },
    });
    await once(worker, 'message');
    const result = once(worker, 'message');
    const end = performance.now() + 300;
    for (let value = 2; performance.now() < end; value = (value % 60_000) + 1) main.write(uniform(value));
    worker.postMessage('stop');
    const [{ reads, mixtures }] = (await result) as [{ reads: number; mixtures: number }];
    assert.ok(reads > 1000, `${reads} reads`);
    assert.equal(mixtures, 0);
  });
});
