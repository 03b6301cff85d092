// What a server is told of itself (manual: `http-check send-state`), in HAProxy 2.6.12's order of fields.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateText, type StateFacts } from './state-text.ts';

const facts: StateFacts = {
  status: 'UP 2/3',
  address: '10.0.0.1',
  port: 80,
  name: 'bck/srv2',
  node: 'lb1',
  weight: 1,
  totalWeight: 2,
  sessions: 13,
  totalSessions: 22,
  queued: 0,
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
