// A plan that was packed is the plan that was sent, and a thread reads of it what it needs.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { memoryHost, parseConfig } from '@evenkeel/config';
import { Sections, packPlan, type PackedPlan } from './packed-plan.ts';
import type { Plan } from './plan.ts';

function planOf(text: string): Plan {
  const { config, diagnostics } = parseConfig([{ name: 't.cfg', text }], memoryHost());
  assert.ok(config !== undefined, diagnostics.map(({ message }) => message).join('\n'));
  let slot = 0;
  const proxies = config.proxies.map((proxy, index) => ({
    frontendSlot: proxy.kind === 'backend' ? -1 : index,
    backendSlot: proxy.kind === 'frontend' ? -1 : index,
    serverSlots: proxy.servers.map(() => slot++),
    serverAddresses: proxy.servers.map((_, at) => (at % 2 === 0 ? undefined : '192.0.2.1')),
    balanceOffset: index * 64,
    logSet: 0,
  }));
  return { generation: 7, config, proxies, listeners: [], limits: { maxconn: 10, maxconnrate: 0, maxsessrate: 0 } };
}

/** As a thread gets it. */
function arrived(plan: Plan): PackedPlan {
  const steps = packPlan(plan, (bytes) => new SharedArrayBuffer(bytes));
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return structuredClone(value);
  }
}

const OPTIONS = ['weight 3', 'backup', 'disabled', 'check inter 3s', 'maxconn 7', 'cookie c', 'source 127.0.0.9'];

test('every section is what was packed, whatever its servers have in common', () => {
  const server = fc.subarray(OPTIONS);
  fc.assert(
    fc.property(fc.array(fc.array(server, { maxLength: 6 }), { maxLength: 5 }), (backends) => {
      const text = backends
        .map((servers, index) => {
          const lines = servers.map((options, at) => `  server s${at} 127.0.0.1:${1000 + at} ${options.join(' ')}\n`);
          return `backend b${index}\n  mode http\n  http-request deny if { path /${index} }\n${lines.join('')}`;
        })
        .join('');
      const plan = planOf(text);
      const packed = arrived(plan);
      const sections = new Sections(packed);
      assert.deepEqual(
        plan.config.proxies.map((_, index) => sections.at(index)),
        plan.config.proxies.map((config, index) => ({ config, plan: plan.proxies[index] })),
      );
      const { proxies: _proxies, sources: _sources, ...common } = plan.config;
      assert.deepEqual(packed.config, common);
    }),
    { numRuns: 50 },
  );
});

test('what is known of a section without reading it', () => {
  const plan = planOf(
    'frontend f\n  bind :1\n  maxconn 50\n  default_backend b\nbackend b\n  server s 127.0.0.1:1\nbackend c\n  disabled\n',
  );
  const packed = arrived(plan);
  assert.deepEqual(
    packed.heads.map(({ begin: _begin, planBegin: _planBegin, end: _end, ...head }) => head),
    [
      { name: 'f', disabled: false, frontendSlot: 0, backendSlot: -1, servers: 0, fullconn: 1 },
      { name: 'b', disabled: false, frontendSlot: -1, backendSlot: 1, servers: 1, fullconn: 5 },
      { name: 'c', disabled: true, frontendSlot: -1, backendSlot: 2, servers: 0, fullconn: 1 },
    ],
  );
});

test('a section that was replaced stays so, also where it had not been read', () => {
  const plan = planOf('backend b\n  server s 127.0.0.1:1\n');
  const sections = new Sections(arrived(plan));
  const other = { config: { ...plan.config.proxies[0], servers: [] }, plan: { ...plan.proxies[0], revision: 1 } };
  sections.replace(0, other);
  assert.equal(sections.at(0), other);
});
