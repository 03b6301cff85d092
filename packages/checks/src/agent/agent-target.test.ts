// Where an agent is asked (manual 5.2 "agent-addr", "agent-port", "addr"; management manual 9.3 "set server … agent-addr").
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Server as ServerConfig } from '@evenkeel/config';
import type { MonitoredBackend, MonitoredServer } from '../monitored.ts';
import { agentLimits, agentTarget } from './agent-target.ts';

function server(config: Partial<ServerConfig> = {}, more: Partial<MonitoredServer> = {}): MonitoredServer {
  const address = { kind: 'inet', host: 'app.example', family: undefined, port: undefined } as const;
  const given = { agentCheck: true, agentPort: 9999, agentSend: '', agentInterMs: 2000, address, ...config };
  return { slot: 0, host: '192.0.2.1', config: given as ServerConfig, ...more };
}

const place = (asked: MonitoredServer, changes: Parameters<typeof agentTarget>[1] = {}): unknown =>
  agentTarget(asked, changes)?.connection.address;

test('the server, the address of its checks, its own address, one given at run time: the last of them that there is', () => {
  assert.deepEqual(place(server()), { host: '192.0.2.1', port: 9999 });
  const moved = { given: { host: '192.0.2.2', port: 80, name: undefined } };
  assert.deepEqual(place(server({}, moved)), { host: '192.0.2.2', port: 9999 });
  assert.deepEqual(place(server({ checkAddress: '192.0.2.3' }, moved)), { host: '192.0.2.3', port: 9999 });
  const own = { checkAddress: '192.0.2.3', agentAddress: 'agent.example' };
  assert.deepEqual(place(server(own)), { host: 'agent.example', port: 9999 });
  assert.deepEqual(place(server(own), { host: '192.0.2.4', port: 7 }), { host: '192.0.2.4', port: 7 });
});

test('no agent, or no address: nobody is asked; on a Unix socket the agent answers there', () => {
  assert.equal(agentTarget(server({ agentCheck: false }), {}), undefined);
  assert.equal(agentTarget(server({}, { host: undefined }), {}), undefined);
  const unix = server({ address: { kind: 'unix', path: '/run/app.sock' } }, { host: undefined });
  assert.deepEqual(place(unix), { path: '/run/app.sock' });
});

test('agent-inter stands for inter in the time-outs', () => {
  const backend = (connectTimeoutMs?: number, checkTimeoutMs?: number): MonitoredBackend =>
    ({ connectTimeoutMs, checkTimeoutMs }) as unknown as MonitoredBackend;
  assert.deepEqual(agentLimits(backend(500), server()), { connectMs: 2000, readMs: undefined });
  assert.deepEqual(agentLimits(backend(500, 700), server()), { connectMs: 500, readMs: 700 });
});
