import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readDynamicServer, type DynamicServer } from './dynamic-server.ts';
import { memoryHost } from './memory-host.ts';
import type { Server } from './model.ts';
import { parseConfig } from './parse.ts';

const FILE = `defaults
  mode http
  timeout client 1s
  timeout server 1s
  timeout connect 1s
  default-server inter 7s
resolvers dns
  nameserver d 127.0.0.1:53
backend web
  default-server maxconn 50 weight 9
  server s1 127.0.0.1:80 id 3 check
  server s2 127.0.0.1:81
  default-server maxqueue 4
`;

function read(words: string, dynamic: readonly string[] = []): DynamicServer {
  const { config } = parseConfig([{ name: 'a.cfg', text: FILE }], memoryHost());
  assert.ok(config !== undefined);
  return readDynamicServer(
    config,
    config.proxies[0],
    'new',
    words.split(' '),
    memoryHost({ env: { HOME: '127.0.0.1' } }),
    new Set(dynamic),
  );
}

function server(words: string): Server {
  const result = read(words);
  assert.ok(result.ok, result.ok ? '' : result.error);
  return result.server;
}

test('default-server lines of the backend and of its defaults apply, the last ones too', () => {
  const { interMs, maxconn, weight, maxqueue } = server('127.0.0.1:90 weight 2');
  assert.deepEqual({ interMs, maxconn, weight, maxqueue }, { interMs: 7000, maxconn: 50, weight: 2, maxqueue: 4 });
});

test('a server waits in maintenance unless it is enabled, and gets the first id that is free', () => {
  assert.equal(server('127.0.0.1:90').disabled, true);
  assert.equal(server('127.0.0.1:90 enabled').disabled, false);
  assert.deepEqual([server('127.0.0.1:90').id, server('127.0.0.1:90').idExplicit], [1, false]);
  assert.equal(server('127.0.0.1:90 id 12').id, 12);
});

test('words that HAProxy 2.6 keeps for its file are legal here', () => {
  assert.equal(server('app.example:80 resolvers dns init-addr none').resolvers, 'dns');
  assert.equal(server('127.0.0.1:90 redir http://x').redir, 'http://x');
  assert.equal(server('127.0.0.1:90 slowstart 5s').slowstartMs, 5000);
});

test('who types commands does not see the environment by them', () => {
  const { address } = server('${HOME}:90');
  assert.deepEqual(address, server(':90').address);
});

/** Sentences of haproxy 2.6.12, but for the last ones, which only this program says. */
const FAULTS: readonly (readonly [words: string, sentence: RegExp])[] = [
  ['127.0.0.1:90 wieght 3', /^unknown keyword 'wieght'; did you mean 'weight' maybe \?$/],
  ['127.0.0.1:90 id 3', /^'id' : custom id 3 already used at a\.cfg:11 \('server s1'\)\.$/],
  ['127.0.0.1:99999', /^invalid port '99999'/],
  ['127.0.0.1:90 weight 300', /^weight of server new is not within 0 and 256 \(300\)/],
  ['127.0.0.1:90 check track s1', /^unable to enable checks and tracking at the same time!$/],
  ['127.0.0.1:90 track s9', /^unable to find required server 's9' for tracking\.$/],
  ['127.0.0.1:90 track s2', /^unable to use web\/s2 for tracking as it does not have any check nor agent enabled\.$/],
  ['127.0.0.1 check', /has neither service port nor check port/],
  ['127.0.0.1:90 agent-check', /^server new does not have agent port\./],
  ['127.0.0.1:90 resolvers none', /^unable to find required resolvers 'none'$/],
  ['127.0.0.1:90 check-and none', /^unable to find backend 'none' referenced by 'check-and'\.$/],
];

for (const [words, sentence] of FAULTS) {
  test(`refused: ${words}`, () => {
    const result = read(words);
    assert.ok(!result.ok);
    assert.match(result.error, sentence);
  });
}

test('a server that was added itself is not tracked', () => {
  const result = read('127.0.0.1:90 track s1', ['web/s1']);
  assert.ok(!result.ok);
  assert.equal(result.error, 'unable to use web/s1 for tracking as it is a dynamic server.');
});
