// What is hashed of a request, as HAProxy 2.6.12 was seen to cut it out (manual 4.2 "balance").
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Balance, HashType } from '@evenkeel/config';
import { crc32, avalanche, parseIpAddress, type Compiler, type SampleContext } from '@evenkeel/expr';
import { HeaderList, makeRequestHead } from '@evenkeel/http';
import { compileBalanceKey } from './balance-key.ts';
import { NO_KEY } from './balancer.ts';

const CRC: HashType = { method: 'map-based', function: 'crc32', avalanche: false };
const NOTHING_COMPILED = undefined as unknown as Compiler;

interface Request {
  readonly method?: string;
  readonly uri?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly bytes?: string;
  readonly source?: string;
}

function contextOf({ method = 'GET', uri = '/', headers = [], body, bytes, source }: Request): SampleContext {
  const list = new HeaderList();
  for (const [name, value] of headers) list.add(name, value);
  return {
    request: bytes === undefined ? makeRequestHead(method, uri, '1.1', list) : undefined,
    requestBody: body,
    requestBuffer: bytes,
    session: { source: source === undefined ? undefined : parseIpAddress(source) },
  } as unknown as SampleContext;
}

/** `key` undefined: there is none. */
function assertKey(balance: Balance, request: Request, key: string | undefined): void {
  const hash = compileBalanceKey({ balance, hashType: CRC, hashBalanceFactor: undefined }, NOTHING_COMPILED)!;
  const text = JSON.stringify(request);
  assert.equal(hash(contextOf(request)), key === undefined ? NO_KEY : crc32(key), `${text} has key ${key ?? 'none'}`);
}

const uri = (options: Partial<Extract<Balance, { algorithm: 'uri' }>>): Balance => ({
  algorithm: 'uri',
  whole: false,
  pathOnly: false,
  length: undefined,
  depth: undefined,
  ...options,
});

test('uri: up to the question mark, or less, or more', () => {
  for (const [options, target, key] of [
    [{}, '/a/b/c?x=1', '/a/b/c'],
    [{}, '/a?b/c', '/a'],
    [{}, 'http://h/p/q?r=1', 'http://h/p/q'],
    [{ whole: true }, '/a/b/c?x=1', '/a/b/c?x=1'],
    [{ length: 5 }, '/a/b/c?x=1', '/a/b/'],
    [{ length: 5 }, '/abc?', '/abc'],
    [{ depth: 1 }, '/a/b/c?x=1', '/a'],
    [{ depth: 2 }, '/a/b/c?x=1', '/a/b'],
    [{ depth: 1 }, '//a//b', '/'],
    [{ depth: 1 }, '/a', '/a'],
    [{ depth: 1 }, 'http://h/p/q', 'http:/'],
    [{ length: 8, depth: 1 }, '/index.html?a=b', '/index.h'],
    [{ pathOnly: true }, 'http://h/p/q?r=1', '/p/q'],
    [{ pathOnly: true, whole: true }, 'http://h/p/q?r=1', '/p/q?r=1'],
    [{ pathOnly: true }, 'http://h', ''],
    [{ pathOnly: true }, '*', ''],
    [{ whole: true, length: 12 }, '/index.html?a=b?c=d', '/index.html?'],
  ] as const)
    assertKey(uri(options), { uri: target }, key);
});

test('url_param: the first parameter of that name, in the query and then in the body of a POST', () => {
  const balance: Balance = { algorithm: 'url_param', name: 'id', checkPost: false };
  for (const [target, key] of [
    ['/?id=7x', '7x'],
    ['/?a=1&id=7x&id=8', '7x'],
    ['/?id=', ''],
    ['/?id=&id=9', ''],
    ['/?id=7x;b', '7x;b'],
    ['/?id=a?b', 'a?b'],
    ['/?id=%41', '%41'],
    ['http://h/?id=7x', '7x'],
    ['/?id', undefined],
    ['/?xid=5', undefined],
    ['/?a;id=7', undefined],
    ['/?a?id=7', undefined],
    ['/?ID=7', undefined],
    ['/?a=id=3', undefined],
    ['/x', undefined],
  ] as const)
    assertKey(balance, { uri: target }, key);
  for (const [body, key] of [
    ['a=1&id=7x&b', '7x'],
    ['id=', ''],
    ['id= x', ''],
    ['id=a b\r\n', 'a b\r\n'],
    ['id={7}', undefined],
    ['id=;', undefined],
    ['xx', undefined],
  ] as const)
    assertKey(balance, { method: 'POST', body }, key);
  assertKey(balance, { method: 'POST', uri: '/?id=1', body: 'id=2' }, '1');
  assertKey(balance, { method: 'PUT', body: 'id=2' }, undefined);
});

test('hdr: the first value of the first field', () => {
  const balance: Balance = { algorithm: 'hdr', name: 'x-k', useDomainOnly: false };
  for (const [values, key] of [
    [['a'], 'a'],
    [['a, b'], 'a'],
    [['"a,b",c'], '"a,b"'],
    [['a', 'b'], 'a'],
    [['', 'b'], undefined],
    [[',b'], undefined],
    [[], undefined],
  ] as const)
    assertKey(balance, { headers: values.map((value) => ['x-k', value] as const) }, key);
});

test('hdr use_domain_only: what stands before the last dot', () => {
  const balance: Balance = { algorithm: 'hdr', name: 'host', useDomainOnly: true };
  for (const [host, key] of [
    ['haproxy.1wt.eu', '1wt'],
    ['a.b', 'a'],
    ['localhost', 'localhost'],
    ['10.0.0.1', '0'],
    ['www.x.co.uk:80', 'co'],
    ['.com', '.com'],
    ['a.', 'a'],
    ['.', '.'],
    ['..', '.'],
    ['a..b', 'a.'],
    ['..a.b', 'a'],
  ] as const)
    assertKey(balance, { headers: [['host', host]] }, key);
});

test('rdp-cookie: its value, where it has one', () => {
  const balance: Balance = { algorithm: 'rdp-cookie', name: 'mstshash' };
  const start = '\x03\x00\x00\x2a\x25\xe0\x00\x00\x00\x00\x00';
  assertKey(balance, { bytes: `${start}Cookie: mstshash=alice\r\n` }, 'alice');
  assertKey(balance, { bytes: `${start}Cookie: mstshash=\r\n` }, undefined);
  assertKey(balance, { bytes: `${start}Cookie: msts=alice\r\n` }, undefined);
  assertKey(balance, { uri: '/' }, undefined);
});

test('source: the address is the hash, whatever function is set, and avalanche mixes it', () => {
  const of = (source: string | undefined, hashType: HashType): number =>
    compileBalanceKey({ balance: { algorithm: 'source' }, hashType, hashBalanceFactor: undefined }, NOTHING_COMPILED)!(
      contextOf({ source }),
    );
  assert.equal(of('127.0.0.1', CRC), 0x7f000001);
  assert.equal(of('255.0.0.2', CRC), 0xff000002);
  assert.equal(of('fd00::1:0:5', CRC), (0xfd000000 ^ 0x1 ^ 0x5) >>> 0);
  assert.equal(of('127.0.0.1', { ...CRC, avalanche: true }), avalanche(0x7f000001));
  assert.equal(of(undefined, CRC), NO_KEY, 'clients on Unix sockets have no address');
  assert.equal(of(undefined, { ...CRC, avalanche: true }), NO_KEY);
});

test('algorithms that hash nothing cost nothing', () => {
  for (const algorithm of ['roundrobin', 'static-rr', 'leastconn', 'first'] as const)
    assert.equal(
      compileBalanceKey({ balance: { algorithm }, hashType: CRC, hashBalanceFactor: undefined }, NOTHING_COMPILED),
      undefined,
    );
});
