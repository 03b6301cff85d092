import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SharedCount } from './counts.ts';
import { FrontendGauge, ServerGauge, kindLayouts, objectKinds, objectsPerChunk } from './layout.ts';
import { SegmentOwner } from './segment-owner.ts';
import { Segment } from './segment.ts';
import { StatBlock, StatReader } from './stat-block.ts';
import { ServerStat } from './stats/server.ts';

describe('names', () => {
  it('keep their slot, and two names never share one', () => {
    const owner = new SegmentOwner({ maxThreads: 2 });
    const first = owner.allocate('backend', 'web');
    assert.equal(owner.allocate('backend', 'web'), first);
    assert.notEqual(owner.allocate('backend', 'api'), first);
    assert.equal(owner.lookup('backend', 'web'), first);
    assert.equal(owner.lookup('frontend', 'web'), undefined);
    assert.deepEqual([...owner.names('backend').keys()], ['web', 'api']);
  });

  it('released by a generation keep their slot until no thread uses an older one', () => {
    const owner = new SegmentOwner({ maxThreads: 2 });
    const slot = owner.allocate('server', 'web/s1');
    const count = new SharedCount(owner.segment, 'server', slot, ServerGauge.usedConnections);
    count.increment();
    owner.release('server', 'web/s1', 5);
    assert.equal(owner.reclaim(4), 0);
    assert.equal(owner.lookup('server', 'web/s1'), slot);
    assert.equal(count.sum(), 1);
    assert.equal(owner.reclaim(5), 1);
    assert.equal(owner.lookup('server', 'web/s1'), undefined);
    assert.equal(owner.allocate('server', 'web/s9'), slot, 'the slot is reused');
    assert.equal(count.sum(), 0);
    assert.equal(count.highest(), 0);
  });

  it('that come back before they are reclaimed go on with their counters', () => {
    const owner = new SegmentOwner({ maxThreads: 2 });
    const slot = owner.allocate('server', 'web/s1');
    new StatBlock(owner.segment, 'server', slot).add(ServerStat.sessions, 7);
    owner.release('server', 'web/s1', 2);
    assert.equal(owner.allocate('server', 'web/s1'), slot);
    assert.equal(owner.reclaim(9), 0);
    assert.equal(new StatReader(owner.segment).read('server', slot)[ServerStat.sessions], 7);
  });
});

describe('chunks', () => {
  it('growth moves nothing, and another thread sees it after extend', () => {
    const owner = new SegmentOwner({ maxThreads: 4 });
    const first = owner.allocate('frontend', 'f0');
    const worker = new Segment(owner.handle(), { thread: 1, incarnation: 1 });
    owner.useThread(1);
    const count = new SharedCount(worker, 'frontend', first, FrontendGauge.sessions);
    let last = first;
    for (let i = 1; i <= objectsPerChunk('frontend'); i++) last = owner.allocate('frontend', `f${i}`);
    assert.throws(() => worker.object('frontend', last), RangeError);
    worker.extend(owner.handle());
    count.increment();
    new SharedCount(worker, 'frontend', last, FrontendGauge.sessions).increment();
    assert.equal(new SharedCount(owner.segment, 'frontend', first, FrontendGauge.sessions).sum(), 1);
    assert.equal(new SharedCount(owner.segment, 'frontend', last, FrontendGauge.sessions).sum(), 1);
  });

  it('no two parts overlap, and what different threads write lies two cache lines apart', () => {
    const maxThreads = 3;
    const owner = new SegmentOwner({ maxThreads });
    for (const kind of objectKinds) {
      const writers = new Map<number, string>();
      const claim = (from: number, bytes: number, who: string, grain: number, exclusive: boolean): void => {
        for (let at = Math.floor(from / grain); at * grain < from + bytes; at++) {
          const held = writers.get(at);
          assert.ok(
            held === undefined || (!exclusive && held === who),
            `${kind}: ${who} and ${held} share ${at * grain}`,
          );
          writers.set(at, who);
        }
      };
      const layout = kindLayouts[kind];
      for (let place = 0; place < objectsPerChunk(kind); place++) {
        const view = owner.segment.object(kind, owner.allocate(kind, `o${place}`));
        claim(view.shared * 4, layout.sharedInts * 4, `shared ${place}`, 64, true);
        claim(view.sharedFloats * 8, layout.sharedFloats * 8, `shared floats ${place}`, 64, true);
        for (let thread = 0; thread < maxThreads; thread++) {
          claim(
            (view.threadInts + thread * view.threadIntStride) * 4,
            layout.threadInts * 4,
            `ints of ${thread}`,
            64,
            false,
          );
          claim(
            (view.threadFloats + thread * view.threadFloatStride) * 8,
            layout.threadFloats * 8,
            `floats of ${thread}`,
            64,
            false,
          );
        }
      }
      const words = new Set<string>();
      for (let place = 0; place < objectsPerChunk(kind); place++) {
        const view = owner.segment.object(kind, place);
        for (let thread = 0; thread < maxThreads; thread++) {
          for (let word = 0; word < layout.threadInts; word++)
            words.add(`i${view.threadInts + thread * view.threadIntStride + word}`);
          for (let word = 0; word < layout.threadFloats; word++)
            words.add(`f${view.threadFloats + thread * view.threadFloatStride + word}`);
        }
      }
      assert.equal(words.size, objectsPerChunk(kind) * maxThreads * (layout.threadInts + layout.threadFloats));
    }
  });
});

describe('buffers and bounds', () => {
  it('named buffers travel with the handle', () => {
    const owner = new SegmentOwner({ maxThreads: 2 });
    const buffer = owner.addBuffer('log', 64);
    const worker = new Segment(owner.handle(), { thread: 1, incarnation: 1 });
    assert.equal(worker.buffer('log'), buffer);
    assert.throws(() => owner.addBuffer('log', 64), RangeError);
    owner.removeBuffer('log');
    worker.extend(owner.handle());
    assert.throws(() => worker.buffer('log'), RangeError);
  });

  it('thread numbers and sizes are checked', () => {
    const owner = new SegmentOwner({ maxThreads: 2 });
    assert.throws(() => new Segment(owner.handle(), { thread: 2, incarnation: 1 }), RangeError);
    assert.throws(() => owner.useThread(2), RangeError);
    assert.throws(() => new SegmentOwner({ maxThreads: 1 }), RangeError);
    assert.throws(() => new SegmentOwner({ maxThreads: 129 }), RangeError);
    assert.throws(() => new SharedCount(owner.segment, 'frontend', owner.allocate('frontend', 'f'), 99), RangeError);
  });

  it('a handle survives a structured clone with the same memory', () => {
    const owner = new SegmentOwner({ maxThreads: 2 });
    const slot = owner.allocate('process', 'process');
    const copy = new Segment(structuredClone(owner.handle()), { thread: 1, incarnation: 1 });
    owner.useThread(1);
    new SharedCount(copy, 'process', slot, 0).increment();
    assert.equal(new SharedCount(owner.segment, 'process', slot, 0).sum(), 1);
  });
});
