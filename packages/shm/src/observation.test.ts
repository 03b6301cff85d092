// Manual 5.2 "observe": what counts in which layer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countsOf, isGoodStatus, Observation, observationWords } from './observation.ts';

test('in layer 4 only connections are significant', () => {
  const counts = countsOf('layer4');
  assert.equal(counts[Observation.connected], 'good');
  assert.equal(counts[Observation.notConnected], 'bad');
  for (const finding of Object.values(Observation))
    if (finding > Observation.notConnected) assert.equal(counts[finding], 'nothing');
});

test('in layer 7 a connection alone says nothing, and everything but a good response is bad', () => {
  const counts = countsOf('layer7');
  assert.equal(counts[Observation.connected], 'nothing');
  for (const finding of Object.values(Observation)) {
    if (finding === Observation.connected) continue;
    assert.equal(counts[finding], finding === Observation.goodResponse ? 'good' : 'bad');
  }
});

test('valid status codes include 100 to 499, 501 and 505', () => {
  const good = Array.from({ length: 900 }, (_, code) => code).filter(isGoodStatus);
  assert.deepEqual([good[0], good.length, ...good.slice(-2)], [100, 402, 501, 505]);
});

test('every finding has its words', () => {
  assert.equal(observationWords.length, Object.keys(Observation).length);
});
