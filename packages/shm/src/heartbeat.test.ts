import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Heartbeat, HeartbeatReader } from './heartbeat.ts';
import { Mailbox, Wake } from './mailbox.ts';
import { SegmentOwner } from './segment-owner.ts';
import { Segment } from './segment.ts';

function start(
  owner: SegmentOwner,
  reader: HeartbeatReader,
  thread: number,
  incarnation: number,
  now: number,
): Segment {
  owner.useThread(thread);
  reader.begin({ thread, incarnation }, now);
  return new Segment(owner.handle(), { thread, incarnation });
}

describe('heartbeats', () => {
  it('a thread is stalled once it runs and its last beat is older than the bound', () => {
    const owner = new SegmentOwner({ maxThreads: 4 });
    const reader = new HeartbeatReader(owner.segment);
    const first = new Heartbeat(start(owner, reader, 1, 1, 0));
    const second = new Heartbeat(start(owner, reader, 2, 7, 0));
    assert.deepEqual(reader.stalled(10_000, 2000), [], 'a thread that still starts is not stalled');
    first.setState('running', 10_000);
    second.setState('running', 10_000);
    second.beat(11_900);
    assert.deepEqual(reader.stalled(12_000, 2000), []);
    assert.deepEqual(reader.stalled(12_001, 2000), [{ thread: 1, incarnation: 1 }]);
    assert.deepEqual(reader.stalled(14_001, 2000), [
      { thread: 1, incarnation: 1 },
      { thread: 2, incarnation: 7 },
    ]);
    first.setState('stopping', 14_000);
    assert.deepEqual(reader.stalled(14_001, 2000), [{ thread: 2, incarnation: 7 }]);
    reader.end(2, 'dead');
    assert.deepEqual(reader.stalled(14_001, 2000), []);
    assert.equal(reader.health(2, 14_001).state, 'dead');
  });

  it('health tells state, silence and ticks', () => {
    const owner = new SegmentOwner({ maxThreads: 3 });
    const reader = new HeartbeatReader(owner.segment);
    assert.equal(reader.health(2, 5).state, 'absent');
    const heart = new Heartbeat(start(owner, reader, 1, 3, 100));
    assert.deepEqual(reader.health(1, 150), {
      identity: { thread: 1, incarnation: 3 },
      state: 'starting',
      silentMs: 50,
      ticks: 0,
      waitsFor: undefined,
    });
    heart.beat(160);
    heart.beat(170);
    assert.deepEqual(reader.health(1, 170), {
      identity: { thread: 1, incarnation: 3 },
      state: 'starting',
      silentMs: 0,
      ticks: 2,
      waitsFor: undefined,
    });
  });
});

describe('mailbox', () => {
  it('reasons add up, and taking clears them', () => {
    const owner = new SegmentOwner({ maxThreads: 3 });
    owner.useThread(2);
    const main = new Mailbox(owner.segment);
    const other = new Mailbox(new Segment(owner.handle(), { thread: 2, incarnation: 1 }));
    main.post(2, Wake.state);
    main.postAll(Wake.granted);
    assert.equal(main.take(), 0);
    assert.equal(other.take(), Wake.state | Wake.granted);
    assert.equal(other.take(), 0);
  });

  it('wakes a sleeper, and a post before the sleep is not lost', async () => {
    const owner = new SegmentOwner({ maxThreads: 3 });
    owner.useThread(1);
    const box = new Mailbox(new Segment(owner.handle(), { thread: 1, incarnation: 1 }));
    const main = new Mailbox(owner.segment);
    const sleep = Atomics.waitAsync(box.words, box.index, 0);
    assert.equal(sleep.async, true);
    main.post(1, Wake.message);
    assert.equal(await sleep.value, 'ok');
    assert.equal(box.take(), Wake.message);
    main.post(1, Wake.state);
    assert.deepEqual(Atomics.waitAsync(box.words, box.index, 0), { async: false, value: 'not-equal' });
  });
});
