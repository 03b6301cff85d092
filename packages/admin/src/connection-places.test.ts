// `stats maxconn`: who is over it waits for a place.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { test } from 'node:test';
import type { StatsSocket } from '@evenkeel/config';
import { ConnectionPlaces } from './connection-places.ts';

const LINE = {} as StatsSocket;

interface Stage {
  readonly places: ConnectionPlaces;
  /** Who is let in, in order. */
  readonly welcomed: Socket[];
  enter(): Socket;
  leave(socket: Socket): Promise<void>;
}

function stage(maxconn: number | undefined): Stage {
  const welcomed: Socket[] = [];
  const places = new ConnectionPlaces((socket) => welcomed.push(socket));
  places.limit(maxconn);
  return {
    places,
    welcomed,
    enter() {
      const socket = new Socket();
      places.enter(socket, LINE);
      return socket;
    },
    async leave(socket) {
      const closed = once(socket, 'close');
      socket.destroy();
      await closed;
    },
  };
}

test('so many are let in at a time, the others as they came, but for those who have left', async () => {
  const { enter, leave, welcomed } = stage(2);
  const [a, b, c, d, e] = [enter(), enter(), enter(), enter(), enter()];
  assert.deepEqual(welcomed, [a, b]);
  await leave(d);
  assert.deepEqual(welcomed, [a, b]);
  await leave(a);
  assert.deepEqual(welcomed, [a, b, c]);
  await leave(b);
  assert.deepEqual(welcomed, [a, b, c, e]);
  const f = enter();
  assert.deepEqual(welcomed, [a, b, c, e]);
  await leave(c);
  assert.deepEqual(welcomed, [a, b, c, e, f]);
});

test('more places let in who waits at once; fewer send nobody away', async () => {
  const { enter, leave, places, welcomed } = stage(1);
  const [a, b, c] = [enter(), enter(), enter()];
  places.limit(2);
  assert.deepEqual(welcomed, [a, b]);
  places.limit(1);
  assert.equal(a.destroyed || b.destroyed, false);
  await leave(a);
  assert.deepEqual(welcomed, [a, b]);
  await leave(b);
  assert.deepEqual(welcomed, [a, b, c]);
});

test('without a word there are ten places (management manual, "stats maxconn")', () => {
  const { enter, welcomed } = stage(undefined);
  const all = Array.from({ length: 11 }, () => enter());
  assert.deepEqual(welcomed, all.slice(0, 10));
});

test('who comes when the queue is full is sent away, and nobody else', () => {
  const { enter, welcomed } = stage(1);
  const waiting = Array.from({ length: 129 }, () => enter()).slice(1);
  assert.equal(
    waiting.some(({ destroyed }) => destroyed),
    false,
  );
  assert.equal(enter().destroyed, true);
  assert.equal(welcomed.length, 1);
});

test('at the end nobody stays, and nobody is let in any more', async () => {
  const { enter, places, welcomed } = stage(1);
  const all = [enter(), enter(), enter()];
  const closed = Promise.all(all.map(async (socket) => await once(socket, 'close')));
  places.clear();
  await closed;
  assert.ok(all.every(({ destroyed }) => destroyed));
  assert.deepEqual(welcomed, [all[0]]);
});
