import { test } from 'node:test';
import assert from 'node:assert/strict';
import { SyslogHeader } from './syslog-header.ts';
import type { HeaderFormat } from './syslog-header.ts';

const FORMATS: readonly HeaderFormat[] = ['local', 'rfc3164', 'rfc5424', 'priority', 'short', 'timed', 'iso', 'raw'];
// The headers that haproxy 2.6.12 sent for facility local0, level info, tag mytag, in UTC.
const OBSERVED: Readonly<Record<HeaderFormat, string>> = {
  local: '<134>Nov 23 18:11:00 mytag[10678]: ',
  rfc3164: '<134>Nov 23 18:11:00 localhost mytag[10678]: ',
  rfc5424: '<134>1 2026-11-23T18:11:00.363603+00:00 - mytag 10678 - - ',
  priority: '<134>',
  short: '<6>',
  timed: '<6>2026-11-23T18:11:00.363603+00:00 ',
  iso: '2026-11-23T18:11:00.363603+00:00 ',
  raw: '',
};

function inZone(zone: string, body: () => void): void {
  const before = process.env['TZ'];
  process.env['TZ'] = zone;
  try {
    body();
  } finally {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  }
}

test('every format has the header that HAProxy sends', () => {
  inZone('UTC', () => {
    const time = Date.UTC(2026, 10, 23, 18, 11, 0) + 363.603;
    for (const format of FORMATS) {
      const header = new SyslogHeader({ format, facility: 16, tag: 'mytag', pid: 10678, hostname: undefined });
      assert.equal(header.at(6, time), OBSERVED[format], format);
    }
  });
});

test('log-send-hostname names the host in both RFC formats', () => {
  const common = { facility: 16, tag: 't', pid: 1, hostname: 'abc' } as const;
  assert.match(new SyslogHeader({ ...common, format: 'rfc3164' }).at(6, 0), / abc t\[1\]: $/);
  assert.match(new SyslogHeader({ ...common, format: 'rfc5424' }).at(6, 0), / abc t 1 - - $/);
});

test('a day below ten is padded with a space and the calendar follows the clock (RFC 3164 section 4.1.2)', () => {
  inZone('UTC', () => {
    const header = new SyslogHeader({ format: 'local', facility: 0, tag: 't', pid: 1, hostname: undefined });
    const last = Date.UTC(2026, 0, 3, 23, 59, 59, 999);
    assert.equal(header.at(0, last), '<0>Jan  3 23:59:59 t[1]: ');
    assert.equal(header.at(0, last + 1), '<0>Jan  4 00:00:00 t[1]: ');
  });
});

test('an ISO time carries the offset of the local zone, west of Greenwich too', () => {
  inZone('America/St_Johns', () => {
    const header = new SyslogHeader({ format: 'iso', facility: 0, tag: 't', pid: 1, hostname: undefined });
    assert.equal(header.at(0, Date.UTC(2026, 0, 3, 12, 0, 0, 5)), '2026-01-03T08:30:00.005000-03:30 ');
  });
});
