// What a server is told of itself (manual: `http-check send-state`), in HAProxy 2.6.12's order of fields.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateText, type StateFacts } from './state-text.ts';

const facts: StateFacts = {
  operational: 'running',
  health: 3,
  rise: 2,
  fall: 3,
  address: '10.0.0.1',
  port: 80,
  name: 'bck/srv2',
  node: 'lb1',
  weight: 1,
  totalWeight: 2,
  sessions: 13,
  totalSessions: 22,
  queued: 0,
  throttlePercent: undefined,
};

test('a server with an address, and one on a Unix socket', () => {
  assert.equal(
    stateText(facts),
    'UP 2/3; address=10.0.0.1; port=80; name=bck/srv2; node=lb1; weight=1/2; scur=13/22; qcur=0',
  );
  assert.equal(
    stateText({ ...facts, address: undefined }),
    'UP 2/3; address=unix; port=unix; name=bck/srv2; node=lb1; weight=1/2; scur=13/22; qcur=0',
  );
});

test('what it says of health, by state and count', () => {
  const words = (operational: StateFacts['operational'], health: number): string =>
    stateText({ ...facts, operational, health }).split(';')[0];
  assert.deepEqual(
    [words('running', 4), words('running', 2), words('starting', 4), words('stopping', 4), words('stopping', 3)],
    ['UP', 'UP 1/3', 'UP', 'NOLB', 'NOLB 2/3'],
  );
  assert.deepEqual([words('stopped', 0), words('stopped', 1)], ['DOWN', 'DOWN 1/2']);
  assert.match(stateText({ ...facts, throttlePercent: 10 }), /; qcur=0; throttle=10%$/);
});
