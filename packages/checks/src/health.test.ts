// The health machine: every row of its table, and that nothing moves but by a row. Counts as the manual's `rise` and `fall`
// say and as observed on HAProxy 2.6.12.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdminState } from '@evenkeel/shm';
import fc from 'fast-check';
import {
  handle,
  inMaintenance,
  initialHealth,
  isUp,
  maxHealth,
  rescale,
  transitions,
  type HealthInput,
  type HealthState,
  type Operational,
} from './health.ts';
import type { Verdict } from './status.ts';

const settings = { rise: 2, fall: 3, check: true, slowstartMs: undefined };
const free = { tracked: undefined, heldByAgent: false } as const;
const check = (verdict: Verdict): HealthInput => ({ type: 'check', verdict });
const play = (state: HealthState, ...verdicts: Verdict[]): string[] =>
  verdicts.map((verdict) => {
    handle(state, settings, check(verdict));
    return `${state.operational} ${state.health}`;
  });

test('a server that was never checked is up, and goes down with the first failure', () => {
  const state = initialHealth(settings, 0);
  assert.deepEqual(play(state, 'failed'), ['stopped 0']);
});

test('the first success of a new server makes it fully up', () => {
  assert.deepEqual(play(initialHealth(settings, 0), 'passed'), ['running 4']);
});

test('fall failures take a server down, one success before that makes it fully up again (manual 5.2 "fall")', () => {
  const state = initialHealth(settings, 0);
  assert.deepEqual(play(state, 'passed', 'failed', 'failed', 'passed', 'failed', 'failed', 'failed'), [
    'running 4',
    'running 3',
    'running 2',
    'running 4',
    'running 3',
    'running 2',
    'stopped 0',
  ]);
});

test('rise successes bring it back, one failure before that starts the count anew (manual 5.2 "rise")', () => {
  const state: HealthState = { ...free, operational: 'stopped', admin: 0, health: 0 };
  assert.deepEqual(play(state, 'passed', 'failed', 'passed', 'passed'), [
    'stopped 1',
    'stopped 0',
    'stopped 1',
    'running 4',
  ]);
});

test('a conditional pass takes it out of balancing at once, a full one brings it back at once (manual "http-check disable-on-404")', () => {
  const state = initialHealth(settings, 0);
  assert.deepEqual(play(state, 'conditional', 'conditional', 'passed', 'conditional', 'failed', 'failed', 'failed'), [
    'stopping 4',
    'stopping 4',
    'running 4',
    'stopping 4',
    'stopping 3',
    'stopping 2',
    'stopped 0',
  ]);
});

test('a server that comes up with a conditional pass comes up stopping', () => {
  const state: HealthState = { ...free, operational: 'stopped', admin: 0, health: 1 };
  assert.deepEqual(play(state, 'conditional'), ['stopping 4']);
});

test('verdicts without news move nothing', () => {
  const state = initialHealth(settings, 0);
  assert.deepEqual(play(state, 'none', 'neutral'), ['running 2', 'running 2']);
});

test('in maintenance it is stopped and checks do not count; it comes back up, unchecked', () => {
  const state = initialHealth(settings, 0);
  assert.equal(handle(state, settings, { type: 'admin', bits: AdminState.forcedMaintenance }), true);
  assert.deepEqual(play(state, 'passed', 'passed', 'passed'), ['stopped 0', 'stopped 0', 'stopped 0']);
  assert.equal(handle(state, settings, { type: 'force', to: 'up' }), false);
  assert.equal(handle(state, settings, { type: 'admin', bits: 0 }), true);
  assert.deepEqual(state, { ...free, operational: 'running', admin: 0, health: 2 });
});

test('draining is a bit beside the state', () => {
  const state = initialHealth(settings, 0);
  assert.equal(handle(state, settings, { type: 'admin', bits: AdminState.forcedDrain }), false);
  assert.deepEqual(play(state, 'failed', 'passed', 'passed'), ['stopped 0', 'stopped 1', 'running 4']);
  assert.equal(state.admin, AdminState.forcedDrain);
});

test('an operator forces health up, down and stopping (management manual 9.3 "set server")', () => {
  const state = initialHealth(settings, 0);
  const force = (to: 'up' | 'down' | 'stopping'): string =>
    `${handle(state, settings, { type: 'force', to })} ${state.operational} ${state.health}`;
  assert.deepEqual(
    [force('down'), force('down'), force('up'), force('stopping'), force('up')],
    ['true stopped 0', 'false stopped 0', 'true running 4', 'true stopping 4', 'true running 4'],
  );
});

test('every row of the table can be reached, and every move is a row', () => {
  const seen = new Set<string>();
  const inputs: HealthInput[] = [
    check('passed'),
    check('failed'),
    check('conditional'),
    check('neutral'),
    { type: 'admin', bits: 0 },
    { type: 'admin', bits: AdminState.forcedMaintenance },
    { type: 'admin', bits: AdminState.forcedDrain },
    { type: 'force', to: 'up' },
    { type: 'force', to: 'down' },
    { type: 'force', to: 'stopping' },
    { type: 'renew' },
    { type: 'warmed-up' },
    { type: 'weighed' },
    { type: 'errors', act: 'mark-down' },
    { type: 'agent', says: 'down' },
    { type: 'agent', says: 'up' },
    { type: 'tracked', operational: 'stopped' },
    { type: 'tracked', operational: 'stopping' },
    { type: 'tracked', operational: 'running' },
  ];
  const slow = { ...settings, slowstartMs: 1000 };
  const from: Operational[] = ['stopped', 'starting', 'running', 'stopping'];
  for (const operational of from) {
    for (const health of operational === 'stopped' ? [0, 1] : [2, 3, 4]) {
      for (const admin of operational === 'stopped' ? [0, AdminState.forcedMaintenance] : [0]) {
        for (const input of inputs) {
          for (const each of [settings, slow]) {
            const state: HealthState = { ...free, operational, admin, health: inMaintenance(admin) ? 0 : health };
            if (handle(state, each, input)) seen.add(`${operational} ${state.operational}`);
            else assert.equal(state.operational, operational);
          }
        }
      }
    }
  }
  const allowed = new Set(transitions.flatMap(({ from: states, to }) => states.map((state) => `${state} ${to}`)));
  for (const move of seen) assert.ok(allowed.has(move), move);
  for (const move of allowed) assert.ok(seen.has(move), `${move} is never made`);
});

test('whatever happens, health fits the state', () => {
  const input = fc.oneof(
    fc.constantFrom<Verdict>('passed', 'failed', 'conditional', 'neutral', 'none').map(check),
    fc
      .constantFrom(
        0,
        AdminState.forcedMaintenance,
        AdminState.forcedDrain,
        AdminState.configMaintenance | AdminState.forcedDrain,
      )
      .map((bits): HealthInput => ({ type: 'admin', bits })),
    fc
      .constantFrom('up' as const, 'down' as const, 'stopping' as const)
      .map((to): HealthInput => ({ type: 'force', to })),
    fc.constant<HealthInput>({ type: 'renew' }),
    fc.constant<HealthInput>({ type: 'warmed-up' }),
    fc
      .constantFrom('fail-check' as const, 'sudden-death' as const, 'mark-down' as const)
      .map((act): HealthInput => ({ type: 'errors', act })),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(input, { maxLength: 60 }),
      (rise, fall, inputs) => {
        const limits = { rise, fall, check: true, slowstartMs: fall > 2 ? 1000 : undefined };
        const state = initialHealth(limits, 0);
        for (const each of inputs) {
          const before = { ...state };
          const moved = handle(state, limits, each);
          assert.equal(moved, before.operational !== state.operational);
          // What an operator forces in maintenance shows in the count, as on HAProxy, and moves nothing.
          if (inMaintenance(state.admin)) assert.equal(state.operational, 'stopped');
          else if (isUp(state)) assert.ok(state.health >= rise && state.health <= maxHealth(limits));
          else assert.ok(state.health >= 0 && state.health < rise);
        }
      },
    ),
  );
});

test('other limits keep a fully up server fully up and a down one down', () => {
  const up: HealthState = { ...free, operational: 'running', admin: 0, health: 4 };
  rescale(up, settings, { ...settings, rise: 1, fall: 5 });
  assert.equal(up.health, 5);
  const going: HealthState = { ...free, operational: 'running', admin: 0, health: 2 };
  rescale(going, settings, { ...settings, rise: 4, fall: 1 });
  assert.equal(going.health, 4);
  const down: HealthState = { ...free, operational: 'stopped', admin: 0, health: 1 };
  rescale(down, settings, { ...settings, rise: 1, fall: 1 });
  assert.equal(down.health, 0);
});

const slow = { ...settings, slowstartMs: 1000 };

test('with slow start a server comes up starting, from down, from stopping and from maintenance, but never at the start', () => {
  assert.equal(initialHealth(slow, 0).operational, 'running');
  const state: HealthState = { ...free, operational: 'stopped', admin: 0, health: 1 };
  handle(state, slow, check('passed'));
  assert.equal(state.operational, 'starting');
  assert.equal(handle(state, slow, { type: 'warmed-up' }), true);
  assert.equal(state.operational, 'running');
  handle(state, slow, check('conditional'));
  handle(state, slow, check('passed'));
  assert.equal(state.operational, 'starting');
  handle(state, slow, { type: 'admin', bits: AdminState.forcedMaintenance });
  assert.equal(handle(state, slow, { type: 'warmed-up' }), false);
  handle(state, slow, { type: 'admin', bits: 0 });
  assert.equal(state.operational, 'starting');
});

test('errors in traffic count as a failed check, as the last but one, or as the last (manual 5.2 "on-error")', () => {
  const play = (act: 'fail-check' | 'sudden-death' | 'mark-down'): string => {
    const state: HealthState = { ...free, operational: 'running', admin: 0, health: 6 };
    handle(state, { ...settings, fall: 5 }, { type: 'errors', act });
    return `${state.operational} ${state.health}`;
  };
  assert.deepEqual(
    [play('fail-check'), play('sudden-death'), play('mark-down')],
    ['running 5', 'running 2', 'stopped 0'],
  );
});

test('a server that tracks another goes where that goes, but not out of its own maintenance (manual 5.2 "track")', () => {
  const state = initialHealth({ ...settings, check: false }, 0);
  const follow = (operational: Operational): string =>
    `${handle(state, { ...settings, check: false }, { type: 'tracked', operational })} ${state.operational}`;
  assert.deepEqual(
    [follow('stopped'), follow('stopped'), follow('running'), follow('stopping'), follow('starting')],
    ['true stopped', 'false stopped', 'true running', 'true stopping', 'true running'],
  );
  handle(state, settings, { type: 'admin', bits: AdminState.forcedMaintenance });
  assert.equal(follow('stopped'), 'false stopped');
  handle(state, settings, { type: 'admin', bits: 0 });
  assert.equal(state.operational, 'stopped', 'the one it tracks is down');
  assert.equal(follow('running'), 'true running');
});

test('an agent that says down holds a server down until it says otherwise (manual 5.2 "agent-check")', () => {
  const state = initialHealth(settings, 0);
  const say = (says: 'up' | 'down'): string =>
    `${handle(state, settings, { type: 'agent', says })} ${state.operational}`;
  assert.equal(say('down'), 'true stopped');
  assert.deepEqual(play(state, 'passed', 'passed'), ['stopped 4', 'stopped 4']);
  assert.equal(say('up'), 'true running');
  assert.equal(say('up'), 'false running');
  assert.equal(say('down'), 'true stopped');
  assert.deepEqual(play(state, 'failed'), ['stopped 3']);
});
