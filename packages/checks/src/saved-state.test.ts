// Files of server states (management manual 9.3): lines as HAProxy 2.6.12 wrote them, and what it took over of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { initialHealth } from './health.ts';
import { parseStateFile, restoredState, type SavedState } from './saved-state.ts';

const HEADER =
  '1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n';

function saved(line: string): SavedState | undefined {
  const result = parseStateFile(`${HEADER}${line}\n`);
  assert.ok(result.ok);
  return result.states.find('be', 's1');
}

test('a line of the real program', () => {
  assert.deepEqual(saved('3 be 1 s1 127.0.0.1 3 9 7 20 100 16 4 3 6 0 0 0 - 8080 - 0 0 - - 0'), {
    address: '127.0.0.1',
    port: 8080,
    operational: 'stopping',
    admin: 9,
    userWeight: 7,
    initialWeight: 20,
    sinceChangeS: 100,
    checkStatus: 16,
    checkResult: 4,
    checkHealth: 3,
    checkState: 6,
  });
});

test('lines that are not right are passed over', () => {
  for (const line of [
    '',
    'nonsense',
    '3 be 1 s1',
    '3 be 1 s1 127.0.0.1 9 0 1 1 100 8 2 0 6 0 0 0 - 1 - 0 0 - - 0',
    '3 be 1 s1 127.0.0.1 0 0 x 1 100 8 2 0 6 0 0 0 - 1 - 0 0 - - 0',
    '3 be 1 s1 127.0.0.1 0 0 257 1 100 8 2 0 6 0 0 0 - 1 - 0 0 - - 0',
    '3 be 1 s1 127.0.0.1 0 0 1 1 -1 8 2 0 6 0 0 0 - 1 - 0 0 - - 0',
    '# 3 be 1 s1 127.0.0.1 0 0 1 1 100 8 2 0 6 0 0 0 - 1 - 0 0 - - 0',
    '3 be 1 s1 127.0.0.1 0 0 1 1 100 8 2 0 6 0 0 0 - 1 - 0 0 - - 0 one too many',
  ])
    assert.equal(saved(line), undefined, line);
});

test('another version is no file of states', () => {
  for (const text of ['', '2\n', 'x\n', '# be_id\n']) assert.equal(parseStateFile(text).ok, false);
});

test('no text makes the reader throw', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.constantFrom('1', '\n', ' ', 'be', 's1', '-', '127.0.0.1'))),
      (parts) => {
        parseStateFile(`1\n${parts.join(' ')}`);
      },
    ),
  );
});

const settings = { rise: 2, fall: 3, check: true, slowstartMs: undefined, weight: 5 };

/** Operation, bits, health and weight; '' for the weight of the configuration. */
function restored(line: string, admin = 0, config = settings): string {
  const { health, weight } = restoredState(saved(line)!, config, initialHealth(config, admin));
  return `${health.operational} ${health.admin} ${health.health} ${weight ?? ''}`.trim();
}

const row = (op: number, admin: number, userWeight: number, initialWeight: number): string =>
  `3 be 1 s1 127.0.0.1 ${op} ${admin} ${userWeight} ${initialWeight} 100 8 2 0 6 0 0 0 - 1 - 0 0 - - 0`;

test('states: down is fully down, up is fully up, and one that was stopping needs no failure more', () => {
  assert.deepEqual(
    [0, 1, 2, 3].map((op) => restored(row(op, 0, 5, 5))),
    ['stopped 0 0 5', 'starting 0 1 5', 'running 0 4 5', 'stopping 0 2 5'],
  );
  assert.equal(restored(row(1, 0, 5, 5), 0, { ...settings, rise: 1 }), 'running 0 3 5');
  assert.equal(restored(row(3, 0, 5, 5), 0, { ...settings, fall: 1 }), 'stopped 0 0 5');
});

test('the weight of the run before stays, unless the file says another than then (manual "load-server-state-from-file")', () => {
  assert.equal(restored(row(2, 0, 3, 5)), 'running 0 4 3');
  assert.equal(restored(row(2, 0, 3, 6)), 'running 0 4');
});

test('maintenance of the run before stays, unless the file was changed since', () => {
  assert.equal(restored(row(0, 1, 5, 5)), 'stopped 1 0 5', 'set by command');
  assert.equal(restored(row(0, 5, 5, 5)), 'stopped 0 0 5', 'disabled then, not now: up when a check says so');
  assert.equal(restored(row(2, 4, 5, 5), 5), 'running 4 4 5', 'disabled in both files, enabled by command');
  assert.equal(restored(row(2, 0, 5, 5), 5), 'stopped 5 0 5', 'disabled since');
  assert.equal(restored(row(0, 5, 5, 5), 5), 'stopped 5 0 5', 'disabled in both');
});

test('a drain stays, unless it came of a weight of 0 that the file has changed', () => {
  assert.equal(restored(row(2, 8, 5, 5)), 'running 8 4 5');
  assert.equal(restored(row(2, 8, 0, 0)), 'running 0 4');
  assert.equal(restored(row(2, 8, 0, 0), 0, { ...settings, weight: 0 }), 'running 8 4 0');
});
