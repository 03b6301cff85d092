import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SegmentOwner } from './segment-owner.ts';
import { Segment } from './segment.ts';
import {
  AdminState,
  BackendVersion,
  OperationalState,
  ServerState,
  type ServerTime,
  type ServerWord,
} from './server-state.ts';
import { ServerShared, ServerSharedFloat } from './layout.ts';

describe('server state', () => {
  it('every word and time has a place of its own, and other threads see it', () => {
    const owner = new SegmentOwner({ maxThreads: 2 });
    const slot = owner.allocate('server', 'b/s');
    const main = new ServerState(owner.segment, slot);
    const other = new ServerState(new Segment(owner.handle(), { thread: 1, incarnation: 1 }), slot);
    const words = Object.keys(ServerShared).filter(
      (word) =>
        ![
          'WORDS',
          'backend',
          'queueRoot',
          'queueLength',
          'queueMax',
          'granted',
          'version',
          'consecutiveErrors',
          'errorRuns',
          'lastError',
        ].includes(word),
    ) as ServerWord[];
    const times = Object.keys(ServerSharedFloat).filter((word) => word !== 'WORDS') as ServerTime[];
    words.forEach((word, i) => main.set(word, i + 1));
    times.forEach((time, i) => main.setTime(time, 1.7e12 + i));
    words.forEach((word, i) => assert.equal(other.get(word), i + 1, word));
    times.forEach((time, i) => assert.equal(other.time(time), 1.7e12 + i, time));
    assert.equal(other.version(), 0);
    main.publish();
    assert.equal(other.version(), 1);
  });

  it('errors in a row are counted over all threads, and a success ends the row (manual 5.2 "error-limit")', () => {
    const owner = new SegmentOwner({ maxThreads: 2 });
    const slot = owner.allocate('server', 'be/s');
    const main = new ServerState(owner.segment, slot);
    const other = new ServerState(new Segment(owner.handle(), { thread: 1, incarnation: 1 }), slot);
    assert.equal(other.countError(3, 5), false);
    assert.equal(main.countError(3, 5), false);
    other.clearErrors();
    assert.equal(other.countError(3, 5), false);
    assert.equal(main.countError(3, 5), false);
    assert.deepEqual(main.errorRuns(), { count: 0, lastKind: 0 });
    assert.equal(other.countError(3, 7), true);
    assert.deepEqual(main.errorRuns(), { count: 1, lastKind: 7 });
    assert.equal(main.countError(3, 5), false, 'the count starts anew');
    assert.equal(main.countError(1, 4), true);
    assert.deepEqual(other.errorRuns(), { count: 2, lastKind: 4 });
  });

  // Management manual 9.3, "show servers state" and "set server … state": drain takes no new connections but persistent ones.
  const cases: readonly [string, { admin?: number; operational?: number; weight?: number }, boolean, boolean][] = [
    ['running with weight', {}, true, true],
    ['starting', { operational: OperationalState.starting }, true, true],
    ['stopping', { operational: OperationalState.stopping }, true, false],
    ['stopped', { operational: OperationalState.stopped }, false, false],
    ['weight 0', { weight: 0 }, true, false],
    ['forced drain', { admin: AdminState.forcedDrain }, true, false],
    ['inherited drain', { admin: AdminState.inheritedDrain }, true, false],
    ['forced maintenance', { admin: AdminState.forcedMaintenance }, false, false],
    ['inherited maintenance', { admin: AdminState.inheritedMaintenance }, false, false],
    ['maintenance by configuration', { admin: 5 }, false, false],
    ['maintenance by configuration that an operator ended', { admin: AdminState.configMaintenance }, true, true],
    ['maintenance by resolution', { admin: AdminState.resolutionMaintenance }, false, false],
    ['host name set by hand', { admin: AdminState.hostnameSet }, true, true],
  ];
  for (const [name, { admin = 0, operational = OperationalState.running, weight = 1 }, usable, eligible] of cases) {
    it(`${name}: ${usable ? 'usable' : 'not usable'}, ${eligible ? 'eligible' : 'not eligible'}`, () => {
      const owner = new SegmentOwner({ maxThreads: 2 });
      const state = new ServerState(owner.segment, owner.allocate('server', 'b/s'));
      state.set('adminState', admin);
      state.set('operationalState', operational);
      state.set('effectiveWeight', weight);
      assert.equal(state.isUsable(), usable);
      assert.equal(state.isEligible(), eligible);
    });
  }

  it('a backend version counts batches', () => {
    const owner = new SegmentOwner({ maxThreads: 2 });
    const slot = owner.allocate('backend', 'b');
    const version = new BackendVersion(owner.segment, slot);
    version.publish();
    assert.equal(new BackendVersion(new Segment(owner.handle(), { thread: 1, incarnation: 1 }), slot).current(), 1);
  });
});
