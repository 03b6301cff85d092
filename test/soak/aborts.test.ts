import { test } from 'node:test';
import assert from 'node:assert/strict';
import { soakAborts } from './aborts.ts';

const connections = Number(process.env['SOAK_CONNECTIONS'] ?? 3000);

const TRIALS = [
  { name: 'nbthread 1', threads: 1 },
  { name: 'nbthread 2', threads: 2 },
  { name: 'nbthread 2 and more clients than places', threads: 2, places: 40 },
];

for (const { name, ...options } of TRIALS) {
  const seed = Number(process.env['SOAK_SEED'] ?? Math.floor(Math.random() * 1e9));
  test(`${connections} connections aborted at random phases leave nothing behind, ${name}, seed ${seed}`, async () => {
    const result = await soakAborts({ connections, seed, ...options });
    assert.ok(result.running, result.output);
    assert.doesNotMatch(result.output, /exception|\bat .*\.ts:\d+|ALERT/i);
    assert.equal(result.currentConnections, 0);
    assert.equal(result.countedSessions, 0);
    assert.equal(result.lastAnswer, 'HTTP/1.1 200 OK');
    // Two quiet moments differ by a descriptor or two of the question itself and of files that the engine opens.
    assert.ok(
      result.descriptorsAfter <= result.descriptorsBefore + 3,
      `${result.descriptorsBefore} to ${result.descriptorsAfter} descriptors`,
    );
    const growth = result.residentAfter - result.residentBefore;
    assert.ok(growth < 64 * 1024 * 1024, `resident memory grew by ${growth} bytes`);
  });
}
