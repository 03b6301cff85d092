import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SegmentOwner } from './segment-owner.ts';
import { Segment } from './segment.ts';
import { StatBlock, StatReader, statFields } from './stat-block.ts';
import { BackendStat } from './stats/backend.ts';
import { FrontendStat } from './stats/frontend.ts';
import { ServerStat } from './stats/server.ts';
import { objectKinds } from './layout.ts';

function threads(count: number): { owner: SegmentOwner; slot: number; blocks: StatBlock[]; reader: StatReader } {
  const owner = new SegmentOwner({ maxThreads: count + 1 });
  const slot = owner.allocate('server', 'b/s');
  const blocks = Array.from({ length: count }, (_, i) => {
    owner.useThread(i + 1);
    return new StatBlock(new Segment(owner.handle(), { thread: i + 1, incarnation: 1 }), 'server', slot);
  });
  return { owner, slot, blocks, reader: new StatReader(owner.segment) };
}

describe('statistics', () => {
  it('sums, maxima and time stamps combine over threads', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ thread: fc.nat(2), bytes: fc.nat(1e9), ms: fc.nat(1e6), at: fc.nat(1e12) }), {
          maxLength: 50,
        }),
        (events) => {
          const { blocks, reader, slot } = threads(3);
          for (const { thread, bytes, ms, at } of events) {
            blocks[thread].add(ServerStat.bytesIn, bytes);
            blocks[thread].raise(ServerStat.totalTimeMax, ms);
            blocks[thread].raise(ServerStat.lastSessionMs, at);
          }
          const figures = reader.read('server', slot);
          assert.equal(
            figures[ServerStat.bytesIn],
            events.reduce((sum, { bytes }) => sum + bytes, 0),
          );
          assert.equal(figures[ServerStat.totalTimeMax], Math.max(0, ...events.map(({ ms }) => ms)));
          assert.equal(figures[ServerStat.lastSessionMs], Math.max(0, ...events.map(({ at }) => at)));
        },
      ),
    );
  });

  it('a look at an object finds nothing of the one before it', () => {
    const { owner, slot, blocks, reader } = threads(2);
    const other = owner.allocate('server', 'b/t');
    blocks[0].add(ServerStat.bytesIn, 7);
    blocks[1].sample(ServerStat.queueTime, 40);
    blocks[1].raise(ServerStat.totalTimeMax, 9);
    assert.deepEqual(reader.peek('server', slot), reader.read('server', slot));
    assert.equal(reader.peek('server', slot)[ServerStat.bytesIn], 7);
    assert.ok(reader.peek('server', other).every((figure) => figure === 0));
  });

  it('counts are exact up to 2^53', () => {
    const { blocks, reader, slot } = threads(1);
    blocks[0].add(ServerStat.bytesOut, Number.MAX_SAFE_INTEGER - 1);
    blocks[0].add(ServerStat.bytesOut, 1);
    assert.equal(reader.read('server', slot)[ServerStat.bytesOut], Number.MAX_SAFE_INTEGER);
  });

  it('an average is that of the samples, whichever threads they came from', () => {
    const { blocks, reader, slot } = threads(2);
    assert.equal(reader.read('server', slot)[ServerStat.queueTime], 0);
    for (let i = 0; i < 100; i++) blocks[i % 2].sample(ServerStat.queueTime, 40);
    assert.ok(Math.abs(reader.read('server', slot)[ServerStat.queueTime] - 40) < 1e-9);
  });

  it('an average follows: after 1024 samples of a new level at least 86 % of it is new (manual: over the last 1024 requests)', () => {
    const { blocks, reader, slot } = threads(1);
    for (let i = 0; i < 5000; i++) blocks[0].sample(ServerStat.responseTime, 0);
    for (let i = 0; i < 1024; i++) blocks[0].sample(ServerStat.responseTime, 100);
    const average = reader.read('server', slot)[ServerStat.responseTime];
    assert.ok(average > 86 && average < 100, String(average));
  });

  it('sampleTimes does what sample and raise do for each time', () => {
    const names = ['queueTime', 'connectTime', 'responseTime', 'totalTime'] as const;
    for (const [kind, index] of [
      ['backend', BackendStat],
      ['server', ServerStat],
    ] as const) {
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99), fc.nat(999)), { maxLength: 20 }),
          (streams) => {
            const owner = new SegmentOwner({ maxThreads: 2 });
            const [together, apart] = ['a', 'b'].map(
              (name) => new StatBlock(owner.segment, kind, owner.allocate(kind, name)),
            );
            for (const times of streams) {
              together.sampleTimes(...times);
              names.forEach((name, i) => {
                apart.sample(index[name], times[i]);
                apart.raise(index[`${name}Max`], times[i]);
              });
            }
            const reader = new StatReader(owner.segment);
            assert.deepEqual(reader.read(kind, 0), reader.read(kind, 1));
          },
        ),
      );
    }
  });

  it('every field of every kind has a place of its own', () => {
    for (const kind of objectKinds) {
      const owner = new SegmentOwner({ maxThreads: 2 });
      const slot = owner.allocate(kind, 'x');
      const block = new StatBlock(owner.segment, kind, slot);
      statFields[kind].forEach((_, field) => void (block.values[block.base + field] = field + 1));
      const figures = new StatReader(owner.segment).read(kind, slot);
      statFields[kind].forEach(({ combine, name }, field) => {
        // An average is shown divided by the weight that stands after it.
        assert.equal(figures[field], combine === 'average' ? (field + 1) / (field + 2) : field + 1, `${kind} ${name}`);
        assert.equal(combine === 'average', statFields[kind][field + 1]?.combine === 'weight', `${kind} ${name}`);
      });
    }
  });

  it('indexes are those of the tables', () => {
    assert.equal(statFields.frontend[FrontendStat.requests].name, 'requests');
    assert.equal(statFields.backend[BackendStat.redispatches].name, 'redispatches');
    assert.equal(statFields.server[ServerStat.totalTimeMax].name, 'totalTimeMax');
  });
});

describe('clear counters', () => {
  it('clears maxima and leaves the rest (management manual, "clear counters")', () => {
    const { blocks, reader, slot } = threads(2);
    blocks[0].raise(ServerStat.totalTimeMax, 900);
    blocks[0].add(ServerStat.sessions, 3);
    blocks[0].sample(ServerStat.totalTime, 10);
    blocks[1].raise(ServerStat.lastSessionMs, 55);
    reader.clearMaxima('server', slot);
    const cleared = reader.read('server', slot);
    assert.equal(cleared[ServerStat.totalTimeMax], 0);
    assert.equal(cleared[ServerStat.sessions], 3);
    assert.equal(cleared[ServerStat.totalTime], 10);
    assert.equal(cleared[ServerStat.lastSessionMs], 55);
    blocks[0].raise(ServerStat.connectTimeMax, 5);
    const after = reader.read('server', slot);
    assert.equal(
      after[ServerStat.totalTimeMax],
      0,
      'the old maximum of a thread that went on counting does not return',
    );
    assert.equal(after[ServerStat.connectTimeMax], 5);
  });

  it('all: sums and averages start anew', () => {
    const { blocks, reader, slot } = threads(2);
    for (const block of blocks) {
      block.add(ServerStat.sessions, 3);
      block.sample(ServerStat.totalTime, 10);
      block.raise(ServerStat.totalTimeMax, 10);
    }
    reader.clearAll('server', slot);
    const cleared = reader.read('server', slot);
    assert.equal(cleared[ServerStat.sessions], 0);
    assert.equal(cleared[ServerStat.totalTime], 0);
    assert.equal(cleared[ServerStat.totalTimeMax], 0);
    blocks[1].add(ServerStat.sessions, 2);
    blocks[1].sample(ServerStat.totalTime, 70);
    const after = reader.read('server', slot);
    assert.equal(after[ServerStat.sessions], 2);
    assert.equal(after[ServerStat.totalTime], 70, 'samples from before the clear have no weight');
  });

  it('a slot with a new name knows nothing of the old baseline', () => {
    const { owner, blocks, reader, slot } = threads(1);
    blocks[0].add(ServerStat.sessions, 100);
    reader.clearAll('server', slot);
    owner.release('server', 'b/s', 1);
    owner.reclaim(1);
    assert.equal(owner.allocate('server', 'b/other'), slot);
    blocks[0].add(ServerStat.sessions, 4);
    assert.equal(reader.read('server', slot)[ServerStat.sessions], 4);
  });
});
