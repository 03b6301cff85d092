import { test } from 'node:test';
import assert from 'node:assert/strict';
import { JsonLine } from './json-line.ts';
import type { LogMessage } from './message.ts';

function make(bytes: Buffer, level = 6, hostname?: string): Record<string, unknown> {
  const line = new JsonLine({ facility: 16, tag: 'tag', pid: 42, hostname });
  const message: LogMessage = {
    level,
    timeMs: Date.UTC(2026, 10, 24, 1, 2, 3, 4) + 0.5625,
    structuredData: '',
    bytes: Buffer.concat([Buffer.from('before'), bytes, Buffer.from('behind')]),
    start: 6,
    end: 6 + bytes.length,
  };
  const text = Buffer.from(line.make(level, message, 1023), 'latin1').toString('utf8');
  return JSON.parse(text) as Record<string, unknown>;
}

test('a line is an object with level, time, process, tag, facility and message', () => {
  const { time, ...rest } = make(Buffer.from('GET "/" \\ \t'));
  assert.deepEqual(rest, { level: 'info', pid: 42, tag: 'tag', facility: 'local0', msg: 'GET "/" \\ \t' });
  assert.equal(new Date(String(time)).toISOString(), '2026-11-24T01:02:03.004Z');
  assert.match(String(time), /\.004562[+-]\d\d:\d\d$/);
});

test('every level has its name, and the host name is there where it is announced', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 7].map((level) => make(Buffer.from('x'), level)['level']),
    ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'],
  );
  assert.equal(make(Buffer.from('x'), 6, 'lb1')['hostname'], 'lb1');
});

test('a message of any bytes is valid JSON, and UTF-8 stays what it is', () => {
  assert.equal(make(Buffer.from('caf\u00e9 \u20ac'))['msg'], 'caf\u00e9 \u20ac');
  assert.equal(make(Buffer.from([0x61, 0xff, 0xfe, 0x00, 0x0a, 0x62]))['msg'], 'a\ufffd\ufffd\0\nb');
});
