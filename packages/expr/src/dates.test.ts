import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { calendarDate, formatDate, httpDate, LogDates, zoneText } from './dates.ts';

/** Seconds of the years 1900 to 2200. */
const seconds = fc.integer({ min: -2_208_988_800, max: 7_258_118_400 });

test('calendar fields are those of the Gregorian calendar', () => {
  fc.assert(
    fc.property(seconds, (second) => {
      const date = new Date(second * 1000);
      const startOfYear = Date.UTC(date.getUTCFullYear(), 0, 1);
      assert.deepEqual(calendarDate(second), {
        year: date.getUTCFullYear(),
        month: date.getUTCMonth(),
        day: date.getUTCDate(),
        hour: date.getUTCHours(),
        minute: date.getUTCMinutes(),
        second: date.getUTCSeconds(),
        weekday: date.getUTCDay(),
        yearDay: Math.floor((date.getTime() - startOfYear) / 86_400_000),
      });
      assert.equal(httpDate(second), date.toUTCString());
    }),
    { numRuns: 2000 },
  );
});

test('weeks of the year by ISO 8601', () => {
  const cases: Record<string, string> = {
    '2005-01-01': '2004-W53',
    '2005-01-02': '2004-W53',
    '2005-12-31': '2005-W52',
    '2007-01-01': '2007-W01',
    '2008-12-29': '2009-W01',
    '2008-12-31': '2009-W01',
    '2009-12-31': '2009-W53',
    '2010-01-03': '2009-W53',
    '2010-01-04': '2010-W01',
    '2026-11-23': '2026-W48',
  };
  for (const [day, week] of Object.entries(cases))
    assert.equal(formatDate('%G-W%V', Date.parse(`${day}T12:00:00Z`) / 1000, 0, ''), week, day);
});

test('strftime as glibc prints it in the C locale', () => {
  const text = formatDate(
    '%a %A %b %B %d %e %j %p %I %y %C %u %w %T %D %F %R %s %% %U %W %k %l %P %r %c|%Q',
    1_795_459_150,
    0,
    'GMT',
  );
  assert.equal(
    text,
    'Mon Monday Nov November 23 23 327 PM 06 26 20 1 1 18:39:10 11/23/26 2026-11-23 18:39 1795459150 % 47 47 18  6 pm 06:39:10 PM Mon Nov 23 18:39:10 2026|%Q',
  );
  assert.equal(formatDate('%H %z %Z', 1_795_459_150, -90, 'XST'), '17 -0130 XST');
});

test('log dates change with the second and with the offset of that moment', () => {
  let asked = 0;
  const dates = new LogDates((dateMs) => {
    asked++;
    return dateMs < 1_795_459_151_000 ? 60 : 120;
  });
  assert.equal(dates.localMs(1_795_459_150_007), '23/Nov/2026:19:39:10.007');
  assert.equal(dates.localMs(1_795_459_150_999), '23/Nov/2026:19:39:10.999');
  assert.equal(dates.gmt(1_795_459_150_500), '23/Nov/2026:18:39:10 +0000');
  assert.equal(dates.local(1_795_459_150_500), '23/Nov/2026:19:39:10 +0100');
  assert.equal(asked, 1, 'one question a second');
  assert.equal(dates.localMs(1_795_459_151_000), '23/Nov/2026:20:39:11.000');
  assert.equal(zoneText(-330), '-0530');
});
