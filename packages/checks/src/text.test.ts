// Log lines and displayed states against what HAProxy 2.6.12 wrote and printed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdminState, OperationalState } from '@evenkeel/shm';
import { checkFields, CheckState, stateFields, statusText, type ServerView } from './display.ts';
import { intervalOf, makeUpFor, spreadInterval, startDelays } from './interval.ts';
import { checkStatuses, checkStatusOf, type CheckResult } from './status.ts';
import { adminLines, noServerLine, operationalLine, resultText, type LineServer, type StateChange } from './text.ts';

const refused = { status: 'L4CON', code: -1, info: 'Connection refused', durationMs: 0 } as const;
const wrong = { status: 'L7STS', code: 500, info: 'Some Reason', durationMs: 0 } as const;
const passed = { status: 'L7OK', code: 200, info: '', durationMs: 0 } as const;

test('what a check found in words', () => {
  const words = (result: CheckResult): string => resultText(result);
  assert.equal(words(refused), 'Layer4 connection problem, info: "Connection refused", check duration: 0ms');
  assert.equal(words(wrong), 'Layer7 wrong status, code: 500, info: "Some Reason", check duration: 0ms');
  assert.equal(words(passed), 'Layer7 check passed, code: 200, check duration: 0ms');
  assert.equal(words({ ...passed, code: -1 }), 'Layer7 check passed, code: 0, check duration: 0ms');
  assert.equal(
    words({ ...wrong, info: 'a"\r\u00e9' }),
    'Layer7 wrong status, code: 500, info: "a<22><0D><E9>", check duration: 0ms',
  );
  assert.equal(
    words({ status: 'HANA', code: -1, info: 'Detected 2 consecutive errors', durationMs: -1 }),
    'Health analyze, info: "Detected 2 consecutive errors"',
  );
});

test('a backend without servers is an emergency', () => {
  assert.deepEqual(noServerLine('backend', 'b'), {
    level: 0,
    text: 'backend b has no server available!',
    terminal: { level: 'alert', text: "backend 'b' has no server available!" },
    mailLevel: undefined,
  });
});

const server: LineServer = { name: 'b/s', isBackup: false, trackedName: undefined, host: 'h' };
const none = { active: 0, backup: 0, sessions: 0, requeued: 0, queued: 0 };

test('the end of a server is mailed as an alert, but of one that took nothing new as a notice', () => {
  const change = (operational: 'running' | 'stopping'): StateChange => ({
    before: { operational, admin: 0 },
    after: { operational: 'stopped', admin: 0 },
    reason: { type: 'untold' },
    cause: '',
    figures: none,
  });
  const levels = (['running', 'stopping'] as const).map((from) => {
    const line = operationalLine(server, change(from))!;
    return [line.level, line.mailLevel];
  });
  assert.deepEqual(levels, [
    [1, 1],
    [5, 5],
  ]);
});

test('a name that resolves again is told with the name', () => {
  const maintenance = AdminState.resolutionMaintenance;
  const lines = adminLines(server, {
    before: { operational: 'stopped', admin: maintenance },
    after: { operational: 'running', admin: 0 },
    reason: { type: 'untold' },
    cause: '',
    figures: none,
  });
  assert.deepEqual(
    lines.map(({ text }) => text),
    ["Server b/s ('h') is UP/READY (resolves again)."],
  );
});

const checked = CheckState.configured | CheckState.enabled;
const NO_AGENT = { state: 0, health: 1, rise: 1, fall: 1, status: 'UNK', code: -1, durationMs: 0 } as const;

const view = (changes: Partial<ServerView>): ServerView => ({
  admin: 0,
  operational: OperationalState.running,
  checkState: checked,
  health: 4,
  rise: 2,
  fall: 3,
  status: 'L7OK',
  code: 200,
  durationMs: 1,
  result: 3,
  ownHealth: changes.health ?? 4,
  ownCheckState: changes.checkState ?? checked,
  trackedName: undefined,
  referenceName: 'b/s',
  agent: NO_AGENT,
  referenceAgent: NO_AGENT,
  ...changes,
});

test('field status', () => {
  const { stopped, stopping, starting } = OperationalState;
  const cases: readonly (readonly [Partial<ServerView>, string])[] = [
    [{}, 'UP'],
    [{ operational: starting }, 'UP'],
    [{ health: 3 }, 'UP 2/3'],
    [{ health: 2 }, 'UP 1/3'],
    [{ operational: stopped, health: 0 }, 'DOWN'],
    [{ operational: stopped, health: 1 }, 'DOWN 1/2'],
    [{ operational: stopping }, 'NOLB'],
    [{ operational: stopping, health: 3 }, 'NOLB 2/3'],
    [{ admin: AdminState.forcedDrain }, 'DRAIN'],
    [{ admin: AdminState.forcedDrain, health: 2 }, 'DRAIN 1/3'],
    [{ admin: AdminState.forcedMaintenance, operational: stopped, health: 0 }, 'MAINT'],
    [{ admin: AdminState.forcedMaintenance | AdminState.configMaintenance, operational: stopped, health: 0 }, 'MAINT'],
    [
      {
        admin: AdminState.inheritedMaintenance,
        operational: stopped,
        health: 0,
        trackedName: 'x/y',
        referenceName: 'w/x',
      },
      'MAINT (via x/y)',
    ],
    [{ admin: AdminState.resolutionMaintenance, operational: stopped, health: 0 }, 'MAINT (resolution)'],
    [{ checkState: 0, health: 2 }, 'no check'],
    [{ checkState: 0, health: 2, admin: AdminState.forcedDrain }, 'DRAIN'],
    [{ checkState: 0, operational: stopped, health: 0 }, 'DOWN'],
  ];
  for (const [changes, text] of cases) assert.equal(statusText(view(changes)), text, JSON.stringify(changes));
});

test('fields of the last check', () => {
  assert.deepEqual(checkFields(view({})), {
    check_status: 'L7OK',
    check_code: '200',
    check_duration: '1',
    check_desc: 'Layer7 check passed',
    check_health: '4',
    check_rise: '2',
    check_fall: '3',
  });
  assert.equal(checkFields(view({ checkState: checked | CheckState.inProgress })).check_status, '* L7OK');
  assert.deepEqual(Object.values(checkFields(view({ status: 'INI', code: -1, health: 2 }))), [
    'INI',
    '',
    '',
    'Initializing',
    '2',
    '2',
    '3',
  ]);
  assert.deepEqual(Object.values(checkFields(view({ status: 'L4CON', code: -1, durationMs: 0, health: 0 }))), [
    'L4CON',
    '',
    '0',
    'Layer4 connection problem',
    '0',
    '2',
    '3',
  ]);
  assert.deepEqual(Object.values(checkFields(view({ checkState: 0 }))), ['', '', '', '', '', '', '']);
  assert.deepEqual(Object.values(checkFields(view({ checkState: checked | CheckState.paused }))), [
    '',
    '',
    '',
    '',
    '',
    '',
    '',
  ]);
});

test('fields of show servers state', () => {
  // Lines of the real program: `2 0 … 15 3 4 6`, `0 0 … 8 2 0 6`, `0 5 … 1 0 0 14`.
  assert.deepEqual(Object.values(stateFields(view({}))), [2, 0, 15, 3, 4, 6, 0]);
  assert.deepEqual(
    Object.values(stateFields(view({ operational: 0, status: 'L4CON', result: 2, health: 0 }))),
    [0, 0, 8, 2, 0, 6, 0],
  );
  assert.deepEqual(
    Object.values(stateFields(view({ operational: 0, admin: 5, status: 'INI', result: 0, health: 0, checkState: 14 }))),
    [0, 5, 1, 0, 0, 14, 0],
  );
});

test('each status has one number, which leads back to it', () => {
  for (const [name, { number }] of Object.entries(checkStatuses)) assert.equal(checkStatusOf(number), name);
  assert.equal(checkStatusOf(999), 'UNK');
});

test('intervals by state (manual 5.2 "inter")', () => {
  const settings = { rise: 2, fall: 3, check: true, slowstartMs: undefined };
  const all = { interMs: 2000, fastInterMs: 500, downInterMs: 9000 };
  const few = { interMs: 2000, fastInterMs: undefined, downInterMs: undefined };
  const fullyUp = { operational: 'running', admin: 0, health: 4, tracked: undefined, heldByAgent: false } as const;
  const going = { operational: 'running', admin: 0, health: 3, tracked: undefined, heldByAgent: false } as const;
  const coming = { operational: 'stopped', admin: 0, health: 1, tracked: undefined, heldByAgent: false } as const;
  const down = { operational: 'stopped', admin: 0, health: 0, tracked: undefined, heldByAgent: false } as const;
  assert.deepEqual(
    [fullyUp, going, coming, down].map((state) => intervalOf(all, state, settings)),
    [2000, 500, 500, 9000],
  );
  assert.deepEqual(
    [fullyUp, going, coming, down].map((state) => intervalOf(few, state, settings)),
    [2000, 2000, 2000, 2000],
  );
});

test('spread-checks changes an interval by up to its share either way', () => {
  assert.deepEqual(
    [0, 0.5, 1].map((random) => spreadInterval(1000, 50, random)),
    [500, 1000, 1500],
  );
  assert.equal(spreadInterval(1000, 0, 0.9), 1000);
});

test('first checks are spread as on HAProxy, where these were measured', () => {
  assert.deepEqual(startDelays([100, 100, 100, 100], undefined), [0, 25, 50, 75]);
  assert.deepEqual(startDelays([400, 100, 1200, 3000], undefined), [0, 300, 600, 2250]);
  assert.deepEqual(startDelays([2000, 2000, 2000, 2000], undefined), [0, 500, 1000, 1500]);
  assert.deepEqual(startDelays([2000, 2000, 2000, 2000], 200), [0, 50, 100, 150]);
  assert.deepEqual(startDelays([100, 100, 1500], undefined), [0, 500, 1000]);
  assert.deepEqual(startDelays([], undefined), []);
});

test('checks that a busy moment has brought together part again', () => {
  // Two checks, due 40 ms apart, both begin at 1,100 ms; each ends after 5 ms.
  const next = [1000, 1040].map((due) => 1105 + makeUpFor(1100 - due, 1000));
  assert.equal(next[1] - next[0], 40);
  assert.equal(makeUpFor(5000, 1000), 500);
  assert.equal(makeUpFor(-1, 1000), 1000);
});
