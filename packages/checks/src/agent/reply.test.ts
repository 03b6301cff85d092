// The words of an agent, as the manual 5.2 "agent-check" lists them and HAProxy 2.6.12 takes them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAgentReply, parseMaxconn, parseWeight } from './reply.ts';

const NOTHING = {
  admin: undefined,
  weight: undefined,
  maxconn: undefined,
  health: undefined,
  unknown: undefined,
  description: '',
};

const REPLIES: readonly (readonly [line: string, meaning: Partial<ReturnType<typeof parseAgentReply>>])[] = [
  ['', {}],
  ['up', { health: { word: 'up', says: 'up' } }],
  ['UP', { health: { word: 'UP', says: 'up' } }],
  ['down', { health: { word: 'down', says: 'down' } }],
  ['fail', { health: { word: 'fail', says: 'down' } }],
  ['stopped', { health: { word: 'stopped', says: 'down' } }],
  ['stop', { unknown: 'stop' }],
  ['ready', { admin: 'ready' }],
  ['drain', { admin: 'drain' }],
  ['maint', { admin: 'maint' }],
  ['drain ready', { admin: 'ready' }],
  ['75%', { weight: '75%' }],
  ['5% 7%', { weight: '7%' }],
  ['75', { unknown: '75' }],
  ['x75%', { unknown: 'x75%' }],
  ['1.5%', { weight: '1.5%' }],
  ['maxconn:30', { maxconn: '30' }],
  ['MaxConn:', { maxconn: '' }],
  ['up\t33%, ready', { health: { word: 'up', says: 'up' }, weight: '33%', admin: 'ready' }],
  ['up down', { health: { word: 'down', says: 'down' } }],
  [
    'down # the reason, "here" # twice',
    { health: { word: 'down', says: 'down' }, description: 'the reason, "here" # twice' },
  ],
  ['up #', { health: { word: 'up', says: 'up' } }],
  ['down,#x', { health: { word: 'down', says: 'down' }, description: 'x' }],
  ['#only', { description: 'only' }],
  ['down#reason here', { unknown: 'down#reason' }],
  ['one two', { unknown: 'one' }],
];

for (const [line, meaning] of REPLIES) {
  test(`${JSON.stringify(line)} means ${JSON.stringify(meaning)}`, () => {
    assert.deepEqual(parseAgentReply(line), { ...NOTHING, ...meaning });
  });
}

test('whatever an agent says is taken without a throw', () => {
  fc.assert(fc.property(fc.string(), (line) => void parseAgentReply(line)));
});

test('percent count from the initial weight, up to 256', () => {
  assert.deepEqual(parseWeight('75%', 10), { value: 7 });
  assert.deepEqual(parseWeight('0%', 10), { value: 0 });
  assert.deepEqual(parseWeight('200%', 10), { value: 20 });
  assert.deepEqual(parseWeight('3000%', 10), { value: 256 });
  assert.deepEqual(parseWeight('1.5%', 10), { fault: 'Trailing garbage in weight string' });
});

test('a limit is a whole number', () => {
  assert.deepEqual(parseMaxconn('30'), { value: 30 });
  assert.deepEqual(parseMaxconn('0'), { value: 0 });
  assert.deepEqual(parseMaxconn('abc'), { fault: 'maxconn string empty or preceded by garbage' });
  assert.deepEqual(parseMaxconn(''), { fault: 'Require <maxconn>.' });
  assert.deepEqual(parseMaxconn('30x'), { fault: 'Trailing garbage in maxconn string' });
});
