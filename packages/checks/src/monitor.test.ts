// The monitor over real sockets: servers that die, return, lie or hang, and states kept over reloads. Lines and states as
// HAProxy 2.6.12 showed them in the same set-ups.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test, type TestContext } from 'node:test';
import { AdminState, BackendVersion, OperationalState, SegmentOwner, ServerState } from '@evenkeel/shm';
import type { Server as ServerConfig } from '@evenkeel/config';
import fc from 'fast-check';
import { checkFields, statusText } from './display.ts';
import { HealthMonitor } from './monitor.ts';
import type { MonitoredBackend, MonitoredGeneration } from './monitored.ts';
import { checkOf, expressions, noProgram, tuning } from './testing.ts';
import { openNetConnection } from './testing-connections.ts';
import type { WatchedServer } from './watched-server.ts';

interface Bench {
  readonly owner: SegmentOwner;
  readonly monitor: HealthMonitor;
  readonly lines: string[];
  readonly generation: (
    number: number,
    servers: readonly (Partial<ServerConfig> & { port: number })[],
    backend?: Partial<MonitoredBackend>,
  ) => MonitoredGeneration;
  readonly server: (index: number) => WatchedServer;
  readonly until: (condition: () => boolean, what: string) => Promise<void>;
}

function bench(context: TestContext): Bench {
  const owner = new SegmentOwner({ maxThreads: 2, ticketsPerThread: 16 });
  const lines: string[] = [];
  let changed = (): void => {};
  const monitor = new HealthMonitor({
    segment: owner.segment,
    now: () => Number(process.hrtime.bigint() / 1000n) / 1000,
    dateNow: () => Date.now(),
    random: () => 0.5,
    open: openNetConnection,
    expressions,
    log: (logSet, { level, text }) => {
      assert.equal(logSet, 3);
      lines.push(`<${level}>${text}`);
      changed();
    },
  });
  context.after(() => monitor.stop());
  return {
    owner,
    monitor,
    lines,
    generation: (generation, servers, backend = {}) => ({
      generation,
      checks: tuning,
      spreadPercent: 0,
      maxSpreadMs: 0,
      backends: [
        {
          name: 'b',
          id: 3,
          slot: owner.allocate('backend', 'b'),
          logSet: 3,
          isListen: false,
          hasDynamicWeights: true,
          redispatches: false,
          mailAlert: undefined,
          check: { type: 'tcp' },
          externalCheck: noProgram,
          connectTimeoutMs: 500,
          checkTimeoutMs: undefined,
          serverTimeoutMs: undefined,
          tunnelTimeoutMs: undefined,
          options: { allbackups: false, logHealthChecks: false, persist: false },
          source: undefined,
          ...backend,
          servers: servers.map(({ port, ...more }, index) => ({
            slot: owner.allocate('server', `b/s${index}`),
            host: '127.0.0.1',
            config: {
              name: `s${index}`,
              address: {
                kind: 'inet',
                host: '127.0.0.1',
                family: 4,
                port: { first: port, last: port, relative: false },
              },
              weight: 1,
              backup: false,
              disabled: false,
              check: true,
              checkAnd: [],
              interMs: 40,
              rise: 2,
              fall: 3,
              ...more,
            } as unknown as ServerConfig,
          })),
        },
      ],
    }),
    server: (index) => monitor.server(owner.allocate('server', `b/s${index}`))!,
    until: async (condition, what) => {
      const limit = Date.now() + 5000;
      while (!condition()) {
        if (Date.now() > limit) assert.fail(`never: ${what}; lines: ${JSON.stringify(lines)}`);
        await new Promise<void>((resolve) => {
          changed = resolve;
          setTimeout(resolve, 10);
        });
      }
    },
  };
}

const http = checkOf('option httpchk');

/** A server that answers each connection as `answer` says at that moment; 'hang' and 'reset' are no answers. */
async function serve(
  context: TestContext,
  answer: () => string,
  port = 0,
): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    const reply = answer();
    if (reply === 'reset') socket.resetAndDestroy();
    else if (reply !== 'hang') socket.once('data', () => socket.end(reply));
    socket.resume();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  context.after(close);
  return { port: (server.address() as net.AddressInfo).port, close };
}

const OK = 'HTTP/1.0 200 OK\r\n\r\n';

test('a TCP server goes down, comes back, and both are said once', async (context) => {
  const { owner, monitor, lines, generation, server, until } = bench(context);
  const first = await serve(context, () => '');
  const plan = generation(1, [{ port: first.port, rise: 1, fall: 1 }]);
  const version = new BackendVersion(owner.segment, plan.backends[0].slot);
  monitor.prepare(plan);
  const state = new ServerState(owner.segment, plan.backends[0].servers[0].slot);
  assert.ok(state.isEligible(), 'up before the first check');
  monitor.apply(plan);
  await until(() => checkFields(server(0).view()).check_status.endsWith('L4OK'), 'L4OK');
  const before = version.current();
  await first.close();
  await until(() => lines.length === 2, 'down');
  assert.match(
    lines[0],
    /^<1>Server b\/s0 is DOWN, reason: Layer4 connection problem, info: "Connection refused", check duration: \d+ms\. 0 active and 0 backup servers left\. 0 sessions active, 0 requeued, 0 remaining in queue\.$/,
  );
  assert.equal(lines[1], '<0>backend b has no server available!');
  assert.ok(!state.isUsable());
  assert.ok(version.current() > before, 'threads are told');
  assert.equal(server(0).lastInfo, 'Connection refused');
  await serve(context, () => '', first.port);
  await until(() => lines.length === 3, 'up');
  assert.match(
    lines[2],
    /^<5>Server b\/s0 is UP, reason: Layer4 check passed, check duration: \d+ms\. 1 active and 0 backup servers online\. 0 sessions requeued, 0 total in queue\.$/,
  );
  assert.deepEqual([state.get('transitionsDown'), state.get('checksFailed'), state.isEligible()], [1, 1, true]);
});

for (const { name, answer, status, code, info } of [
  {
    name: 'that answers 500',
    answer: 'HTTP/1.0 500 Some Reason\r\n\r\n',
    status: 'L7STS',
    code: '500',
    info: 'Some Reason',
  },
  { name: 'that accepts and never answers', answer: 'hang', status: 'L7TOUT', code: '', info: '' },
  { name: 'that resets', answer: 'reset', status: 'SOCKERR', code: '', info: 'Connection reset by peer' },
  { name: 'that sends garbage', answer: 'hello', status: 'L7RSP', code: '', info: '' },
  { name: 'that closes without a word', answer: '', status: 'L7RSP', code: '', info: '' },
]) {
  test(`an HTTP server ${name} is ${status}`, async (context) => {
    const { monitor, generation, server, until } = bench(context);
    let reply = OK;
    const { port } = await serve(context, () => reply);
    monitor.apply(generation(1, [{ port }], { check: http }));
    await until(() => checkFields(server(0).view()).check_status.endsWith('L7OK'), 'L7OK');
    assert.equal(statusText(server(0).view()), 'UP');
    reply = answer;
    await until(() => statusText(server(0).view()) === 'DOWN', 'DOWN');
    const fields = checkFields(server(0).view());
    assert.deepEqual(
      [fields.check_status.replace('* ', ''), fields.check_code, server(0).lastInfo],
      [status, code, info],
    );
    reply = OK;
    await until(() => statusText(server(0).view()) === 'UP', 'UP again');
  });
}

test('a server is UP 2/3, UP 1/3, DOWN, DOWN 1/2, UP on its way down and back', async (context) => {
  const { monitor, generation, server, until } = bench(context);
  let reply = OK;
  const { port } = await serve(context, () => {
    seen.add(statusText(server(0).view()));
    return reply;
  });
  const seen = new Set<string>();
  monitor.apply(generation(1, [{ port }], { check: http }));
  await until(() => seen.has('UP'), 'UP');
  reply = 'x';
  await until(() => seen.has('DOWN'), 'DOWN');
  reply = OK;
  await until(() => seen.has('DOWN 1/2'), 'DOWN 1/2');
  await until(() => statusText(server(0).view()) === 'UP', 'UP');
  assert.deepEqual([...seen].sort(), ['DOWN', 'DOWN 1/2', 'UP', 'UP 1/3', 'UP 2/3']);
});

test('option log-health-checks says what changed, and the state line then leaves the reason out', async (context) => {
  const { monitor, lines, generation, until } = bench(context);
  let reply = OK;
  const { port } = await serve(context, () => reply);
  monitor.apply(
    generation(1, [{ port, rise: 1, fall: 1 }], {
      check: http,
      options: { allbackups: false, logHealthChecks: true, persist: false },
    }),
  );
  await until(() => lines.length === 1, 'first success');
  reply = 'HTTP/1.0 500 Some Reason\r\n\r\n';
  await until(() => lines.length === 4, 'failure');
  assert.deepEqual(
    lines.map((line) => line.replace(/duration: \d+/, 'duration: 0')),
    [
      '<5>Health check for server b/s0 succeeded, reason: Layer7 check passed, code: 200, check duration: 0ms, status: 1/1 UP.',
      '<5>Health check for server b/s0 failed, reason: Layer7 wrong status, code: 500, info: "Some Reason", check duration: 0ms, status: 0/1 DOWN.',
      '<1>Server b/s0 is DOWN. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.',
      '<0>backend b has no server available!',
    ],
  );
});

test('a disabled server is in maintenance and not checked; it is checked when it leaves it', async (context) => {
  const { monitor, lines, generation, server, until } = bench(context);
  let connections = 0;
  const { port } = await serve(context, () => `${++connections}`);
  let others = 0;
  const other = await serve(context, () => `${++others}`);
  monitor.apply(generation(1, [{ port, disabled: true }, { port: other.port }]));
  assert.deepEqual(
    [statusText(server(0).view()), server(0).view().admin, server(0).view().checkState],
    ['MAINT', 5, 14],
  );
  await until(() => others >= 3, 'the other server is checked again and again');
  assert.equal(connections, 0);
  monitor.administer(server(0).server.slot, 'ready');
  assert.deepEqual(lines, ['<5>Server b/s0 is UP/READY (leaving forced maintenance).']);
  await until(() => connections > 0, 'checked');
});

test('drain and maintenance, over each other', async (context) => {
  const { monitor, lines, generation, server } = bench(context);
  const { port } = await serve(context, () => '');
  monitor.apply(generation(1, [{ port }, { port, weight: 0 }]));
  for (const to of ['drain', 'maint', 'drain', 'ready', 'ready'] as const)
    monitor.administer(server(0).server.slot, to);
  assert.deepEqual(lines, [
    '<5>Server b/s0 enters drain state. 0 active and 0 backup servers online. 0 sessions requeued, 0 total in queue.',
    '<0>backend b has no server available!',
    '<5>Server b/s0 is going DOWN for maintenance. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.',
    '<5>Server b/s0 is UP/DRAIN (leaving forced maintenance).',
    '<5>Server b/s0 remains in forced drain mode.',
    '<5>Server b/s0 is UP (leaving forced drain).',
  ]);
});

test('a reload keeps the state, and a server that only the old generation has is checked until that ends', async (context) => {
  const { monitor, lines, generation, server, until } = bench(context);
  const gone = await serve(context, () => '');
  let rounds = 0;
  const clock = await serve(context, () => `${++rounds}`);
  let checks = 0;
  const kept = await serve(context, () => `${++checks}`);
  monitor.apply(generation(1, [{ port: gone.port, fall: 1 }, { port: clock.port }, { port: kept.port }]));
  await gone.close();
  await until(() => statusText(server(0).view()) === 'DOWN', 'DOWN');
  const said = lines.length;
  const second = generation(2, [{ port: gone.port, fall: 1, weight: 7 }, { port: clock.port }]);
  monitor.prepare(second);
  monitor.apply(second);
  assert.equal(statusText(server(0).view()), 'DOWN', 'no request goes to a server known to be down');
  assert.equal(lines.length, said);
  const before = checks;
  await until(() => checks > before, 'the old generation is checked on');
  monitor.forget(1);
  assert.equal(monitor.server(2), undefined);
  // Time is told by another server, which is checked as often: what was under way is over in two rounds of it.
  const goesOn = async (count: number): Promise<void> => {
    const goal = rounds + count;
    await until(() => rounds >= goal, `${count} more checks of the server that stays`);
  };
  await goesOn(2);
  const after = checks;
  await goesOn(4);
  assert.equal(checks, after, 'and no longer than that');
});

test('a weight given at run time stays over a reload until the file says another one', (context) => {
  const { owner, monitor, generation, server } = bench(context);
  monitor.apply(generation(1, [{ port: 1, check: false, weight: 10 }]));
  const state = new ServerState(owner.segment, 0);
  server(0).setWeight(3);
  monitor.apply(generation(2, [{ port: 1, check: false, weight: 10 }]));
  assert.deepEqual([state.get('userWeight'), state.get('effectiveWeight'), state.get('initialWeight')], [3, 48, 10]);
  monitor.apply(generation(3, [{ port: 1, check: false, weight: 20 }]));
  assert.deepEqual([state.get('userWeight'), state.get('initialWeight')], [20, 20]);
});

test('a server that was down and is no longer checked comes back', async (context) => {
  const { owner, monitor, generation, server, until } = bench(context);
  const { port, close } = await serve(context, () => '');
  await close();
  monitor.apply(generation(1, [{ port, fall: 1 }]));
  await until(() => statusText(server(0).view()) === 'DOWN', 'DOWN');
  monitor.apply(generation(2, [{ port, check: false }]));
  assert.equal(statusText(server(0).view()), 'no check');
  assert.equal(new ServerState(owner.segment, 0).get('operationalState'), OperationalState.running);
});

test('a server that has another address after a reload is up until a check says otherwise', async (context) => {
  const { owner, monitor, generation, server, until } = bench(context);
  const { port, close } = await serve(context, () => '');
  const other = await serve(context, () => '');
  await close();
  monitor.apply(generation(1, [{ port, fall: 1 }]));
  await until(() => statusText(server(0).view()) === 'DOWN', 'DOWN');
  const second = generation(2, [{ port: other.port, fall: 1, interMs: 60_000 }]);
  monitor.prepare(second);
  assert.ok(!new ServerState(owner.segment, 0).isUsable(), 'not before it is published');
  monitor.apply(second);
  assert.ok(new ServerState(owner.segment, 0).isUsable());
  await until(() => checkFields(server(0).view()).check_status === 'L4OK', 'L4OK');
});

test('the checks of many servers do not go out at one time', async (context) => {
  const { monitor, generation, until } = bench(context);
  const times: number[] = [];
  const { port } = await serve(context, () => {
    times.push(performance.now());
    return '';
  });
  const plan = generation(
    1,
    Array.from({ length: 10 }, () => ({ port, interMs: 60_000 })),
  );
  monitor.apply({ ...plan, maxSpreadMs: 400 });
  await until(() => times.length === 10, 'ten checks');
  const gaps = times.slice(1).map((time, index) => time - times[index]);
  // 40 ms apart by plan: most of them visibly so, whatever this machine is doing.
  assert.ok(gaps.filter((gap) => gap > 15).length >= 5, JSON.stringify(gaps));
});

test('while our own loop is blocked for longer than the time-out, no server goes down', async (context) => {
  const { monitor, lines, generation, server, until } = bench(context);
  let checks = 0;
  const { port } = await serve(context, () => {
    checks++;
    return OK;
  });
  monitor.apply(generation(1, [{ port, interMs: 100, fall: 1 }], { check: http }));
  await until(() => checkFields(server(0).view()).check_status.endsWith('L7OK'), 'L7OK');
  await until(() => checkFields(server(0).view()).check_status.startsWith('*'), 'a check under way');
  const end = performance.now() + 400;
  while (performance.now() < end);
  await until(() => !checkFields(server(0).view()).check_status.startsWith('*'), 'its end');
  const before = checks;
  await until(() => checks > before, 'another check');
  assert.deepEqual(lines, []);
  assert.equal(statusText(server(0).view()), 'UP');
});

test('a generation that ends while the next one is being published takes no state with it', async (context) => {
  const { monitor, generation, server, until } = bench(context);
  const { port, close } = await serve(context, () => OK);
  const first = generation(1, [{ port, fall: 1 }]);
  monitor.prepare(first);
  monitor.apply(first);
  await close();
  await until(() => server(0).health.operational === 'stopped', 'it is down');
  const second = generation(2, [{ port, fall: 1 }]);
  monitor.prepare(second);
  monitor.forget(1);
  monitor.apply(second);
  assert.equal(server(0).health.operational, 'stopped');
});

test('maintenance stays over a reload that finds the name of the server at another address', (context) => {
  const { monitor, generation, server } = bench(context);
  const at = (number: number, host: string | undefined): MonitoredGeneration => {
    const next = generation(number, [{ port: 1, check: false }]);
    const [backend] = next.backends;
    return { ...next, backends: [{ ...backend, servers: [{ ...backend.servers[0], host }] }] };
  };
  monitor.apply(at(1, '192.0.2.1'));
  monitor.administer(server(0).server.slot, 'maint');
  monitor.apply(at(2, '192.0.2.2'));
  assert.equal(server(0).health.admin, AdminState.forcedMaintenance);
  monitor.apply(at(3, undefined));
  assert.equal(server(0).health.admin, AdminState.forcedMaintenance | AdminState.resolutionMaintenance);
  monitor.apply(at(4, '192.0.2.2'));
  assert.equal(server(0).health.admin, AdminState.forcedMaintenance);
});

test('what a name server says of a server outlives a reload that disables or enables it', (context) => {
  const { monitor, generation, server } = bench(context);
  monitor.apply(generation(1, [{ port: 1, check: false }]));
  server(0).setAdmin(AdminState.resolutionMaintenance);
  const disabled = AdminState.configMaintenance | AdminState.forcedMaintenance;
  monitor.apply(generation(2, [{ port: 1, check: false, disabled: true }]));
  assert.equal(server(0).health.admin, AdminState.resolutionMaintenance | disabled);
  monitor.apply(generation(3, [{ port: 1, check: false }]));
  assert.equal(server(0).health.admin, AdminState.resolutionMaintenance);
});

test('a server that no generation has any more follows nobody', (context) => {
  const { owner, monitor, lines, generation, server } = bench(context);
  const tracked = { port: 1, check: false };
  monitor.apply(generation(1, [tracked, { port: 2, check: false, track: 's0' }]));
  monitor.apply(generation(2, [tracked]));
  monitor.forget(1);
  // What was its slot may be another server's by now.
  const state = new ServerState(owner.segment, 1);
  const before = state.get('adminState');
  monitor.administer(server(0).server.slot, 'drain');
  assert.equal(state.get('adminState'), before);
  assert.deepEqual(
    lines.filter((line) => line.includes('b/s1')),
    [],
  );
  // The same of one that was prepared and never published.
  monitor.prepare(generation(3, [tracked, { port: 2, check: false, track: 's0' }]));
  monitor.forget(3);
  monitor.administer(server(0).server.slot, 'ready');
  assert.deepEqual(
    lines.filter((line) => line.includes('b/s1')),
    [],
  );
});

test('rules that only moved in the file go on as they are; rules that changed are asked at once', async (context) => {
  const { monitor, generation, until } = bench(context);
  const asked: string[] = [];
  const { port } = await serve(context, () => {
    asked.push('check');
    return OK;
  });
  const apply = (number: number, ...lines: string[]): void => {
    const next = generation(number, [{ port, interMs: 60_000 }], { check: checkOf(...lines) });
    monitor.prepare(next);
    monitor.apply(next);
  };
  apply(1, 'option httpchk', 'http-check expect status 200');
  await until(() => asked.length === 1, 'the first check');
  apply(2, '# moved', 'option httpchk', '', 'http-check expect status 200');
  apply(3, 'option httpchk', 'http-check expect status 200-299');
  await until(() => asked.length === 2, 'a check by the new rule');
  assert.equal(asked.length, 2);
});

test('whatever happens to servers and generations, a backend is counted as if anew', (context) => {
  const { monitor, generation, server } = bench(context);
  type Settings = Partial<ServerConfig> & { port: number };
  const settings = fc.record({
    check: fc.constant(false),
    port: fc.constant(9),
    weight: fc.constantFrom(0, 1, 5),
    backup: fc.boolean(),
    disabled: fc.boolean(),
  }) as fc.Arbitrary<Settings>;
  const index = fc.nat(3);
  const steps = fc.array(
    fc.oneof(
      fc.record({ to: fc.constantFrom('ready' as const, 'drain' as const, 'maint' as const), index }),
      fc.record({ health: fc.constantFrom('up' as const, 'down' as const, 'stopping' as const), index }),
      fc.record({ weight: fc.constantFrom(0, 1, 7), index }),
      fc.record({ reload: fc.array(settings, { minLength: 1, maxLength: 4 }), isRefused: fc.boolean() }),
      fc.record({ change: fc.array(settings, { minLength: 1, maxLength: 4 }) }),
    ),
  );
  let number = 0;
  fc.assert(
    fc.property(fc.array(settings, { minLength: 1, maxLength: 4 }), steps, (first, all) => {
      let current = generation(++number, first);
      monitor.apply(current);
      if (number > 1) monitor.forget(number - 1);
      const check = (): void => {
        const [backend] = current.backends;
        const eligible = backend.servers.filter((_, at) => server(at).isEligible);
        const backup = eligible.filter(({ config }) => config.backup).length;
        const expected = { active: eligible.length - backup, backup };
        assert.deepEqual(monitor.countEligible(server(0).backend), expected);
        // Now what was kept, if it was.
        assert.deepEqual(monitor.countEligible(server(0).backend), expected);
      };
      check();
      for (const step of all) {
        const target = 'index' in step ? server(step.index % current.backends[0].servers.length) : undefined;
        if ('to' in step) target!.administer(step.to);
        else if ('health' in step) target!.force(step.health);
        else if ('weight' in step) target!.setWeight(step.weight);
        else if ('change' in step) {
          const changed = generation(number, step.change);
          // Servers that stay keep their settings, as `add server` and `del server` leave them.
          const [backend] = changed.backends;
          const servers = backend.servers.map((one, at) => current.backends[0].servers[at] ?? one);
          current = { ...changed, backends: [{ ...backend, servers }] };
          monitor.changeServers(current, backend.slot);
        } else {
          const next = generation(++number, step.reload);
          monitor.prepare(next);
          check();
          if (step.isRefused) monitor.forget(number--);
          else {
            monitor.apply(next);
            monitor.forget(number - 1);
            current = next;
          }
        }
        check();
      }
    }),
    { numRuns: 200 },
  );
});
