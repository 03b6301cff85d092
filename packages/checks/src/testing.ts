// What the tests of this package share: checks read by the real parser, and a server that stands still.

import assert from 'node:assert/strict';
import { memoryHost, parseConfig, type Check } from '@evenkeel/config';
import { createCompiler, type ExpressionEnvironment } from '@evenkeel/expr';
import type { CheckSubject, Protocol } from './conversation.ts';
import type { ExternalCheck } from './protocols/external.ts';
import { rulesetProtocol, type RulesetSettings } from './ruleset/compile.ts';

export const expressions: ExpressionEnvironment = {
  hostname: 'lab',
  pid: 7,
  thread: 0,
  variable: () => undefined,
  nowMs: () => 1_795_459_150_123,
  random: () => 0.5,
  localOffsetMinutes: () => 0,
  proxy: () => undefined,
};

export const tuning = { bufferBytes: 16_384, maxHeaders: 101, nodeName: 'lab' };

/** What a backend with these lines checks by. */
export function checkOf(...lines: string[]): Check {
  const text = `defaults\n timeout client 1s\n timeout server 1s\n timeout connect 1s\nbackend b\n ${lines.join('\n ')}\n server s 192.0.2.1:80 check\n`;
  const { config, diagnostics } = parseConfig([{ name: 't.cfg', text }], memoryHost({}));
  assert.ok(config !== undefined, diagnostics.map((one) => one.message).join('\n'));
  return config.proxies[0].check;
}

export function settingsOf(changes: Partial<RulesetSettings> = {}): RulesetSettings {
  return {
    compiler: createCompiler(expressions),
    bufferBytes: tuning.bufferBytes,
    maxHeaders: tuning.maxHeaders,
    processVariables: new Map(),
    dateNow: () => 1_795_459_150_123,
    ...changes,
  };
}

/** The protocol of a backend with these lines, `option httpchk` or `option tcp-check` among them. */
export function rulesOf(lines: readonly string[], changes: Partial<RulesetSettings> = {}): Protocol {
  const check = checkOf(...lines);
  assert.ok(check.type === 'rules');
  return rulesetProtocol(check.ruleset, settingsOf(changes));
}

export function subjectOf(changes: Partial<CheckSubject> = {}): CheckSubject {
  return {
    backend: { name: 'b', id: 2, defaultBackend: undefined, frontendConnections: 0, backendConnections: 0 },
    server: { name: 's', id: 1, connections: 0, address: undefined, port: 80 },
    line: { address: '192.0.2.1', port: 80, maxconn: 0 },
    connection: { address: { host: '192.0.2.1', port: 80 }, sendProxy: false, socks4: undefined },
    socks4: undefined,
    stateText: () => 'UP',
    isUp: () => true,
    ...changes,
  };
}

/** For backends that run no program. */
export const noProgram: ExternalCheck = {
  command: '',
  path: '',
  serverProtocol: 'tcp',
  listener: { address: '', port: '' },
};
