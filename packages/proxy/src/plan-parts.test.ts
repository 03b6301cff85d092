// A plan that comes in parts is the plan that was sent.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { memoryHost, parseConfig } from '@evenkeel/config';
import type { Plan } from './plan.ts';
import { PlanParts, cutPlan } from './plan-parts.ts';

/** A plan with that many backends of `servers` servers each. */
function planOf(generation: number, backends: number, servers: number): Plan {
  const lines = Array.from({ length: servers }, (_, index) => `    server s${index} 127.0.0.1:${1000 + index}\n`).join(
    '',
  );
  const text = Array.from({ length: backends }, (_, index) => `backend b${index}\n${lines}`).join('');
  const { config } = parseConfig([{ name: 't.cfg', text }], memoryHost());
  assert.ok(config !== undefined);
  const proxies = config.proxies.map((proxy, index) => ({
    frontendSlot: -1,
    backendSlot: index,
    serverSlots: proxy.servers.map((_, at) => index * servers + at),
    logSet: 0,
  }));
  const limits = { maxconn: 10, maxconnrate: 0, maxsessrate: 0 };
  return { generation, config, proxies, listeners: [], limits };
}

const withoutText = (plan: Plan): Plan => ({ ...plan, config: { ...plan.config, sources: [] } });

for (const [backends, servers] of [
  [1, 3],
  [1, 1000],
  [50, 20],
  [200, 1],
  [400, 0],
] as const)
  test(`${backends} backends of ${servers} servers are the same behind the parts`, () => {
    const plan = planOf(7, backends, servers);
    const { parts, rest } = cutPlan(plan);
    const receiver = new PlanParts();
    for (const part of parts) {
      // A part is a few backends, or one that is larger than a part may be.
      const size = part.configs.reduce((sum, proxy) => sum + proxy.servers.length, 0);
      assert.ok(part.configs.length === 1 || size <= 250, `a part has ${size} servers`);
      receiver.add(structuredClone(part));
    }
    assert.deepEqual(receiver.completed(structuredClone(rest)), withoutText(plan));
  });

test('a plan of ordinary size comes in one message', () => {
  assert.deepEqual(cutPlan(planOf(1, 3, 20)).parts, []);
});

test('parts of a plan that was given up are no part of the next', () => {
  const receiver = new PlanParts();
  for (const part of cutPlan(planOf(1, 50, 20)).parts) receiver.add(part);
  const small = planOf(2, 1, 1);
  assert.deepEqual(receiver.completed(cutPlan(small).rest), withoutText(small));
  const plan = planOf(3, 50, 20);
  const { parts, rest } = cutPlan(plan);
  for (const part of parts) receiver.add(part);
  assert.deepEqual(receiver.completed(rest), withoutText(plan));
});
