// The cookie of remote desktop clients (MS-RDPBCGR 2.2.1.1), as HAProxy 2.6.12 took it for `balance rdp-cookie`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRdpCookie } from './rdp-cookie.ts';

const HEADERS = '\x03\x00\x00\x2a\x25\xe0\x00\x00\x00\x00\x00';

const FOUND: readonly (readonly [text: string, name: string | undefined, value: string])[] = [
  ['Cookie: mstshash=alice\r\n', 'mstshash', 'alice'],
  ['Cookie: mstshash=alice\r\n\x01\x00\x08', undefined, 'alice'],
  ['cookie:MSTShash=alice\r\n', 'mstsHASH', 'alice'],
  ['Cookie:    mstshash=a=b c\r\n', 'mstshash', 'a=b c'],
  ['Cookie: mstshash=\r\n', 'mstshash', ''],
  ['Cookie: mstshash=al\nice\r\n', 'mstshash', 'al'],
];

for (const [text, name, value] of FOUND) {
  test(`${JSON.stringify(text)} holds ${JSON.stringify(value)}, and each part of it leaves that open`, () => {
    assert.deepEqual(readRdpCookie(HEADERS + text, name), { value, isFinal: true });
    const end = HEADERS.length + text.indexOf('\r\n') + 2;
    for (let length = 0; length < end; length++)
      assert.equal(readRdpCookie((HEADERS + text).slice(0, length), name).isFinal, false, `${length} bytes`);
  });
}

test('what is no cookie, or another one, is told at once', () => {
  for (const text of ['Cake: mstshash=alice\r\n', 'Cookie: other=', 'Cookie: mstshash\r\n', 'hello'])
    assert.deepEqual(readRdpCookie(HEADERS + text, 'mstshash'), { value: undefined, isFinal: true }, text);
});

test('a line that ends without CR LF is not whole', () => {
  for (const text of ['Cookie: mstshash=alice\n', 'Cookie: mstshash=alice\rx'])
    assert.equal(readRdpCookie(HEADERS + text, 'mstshash').isFinal, false, text);
});
