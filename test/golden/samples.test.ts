// Expressions and ACL tests evaluated here give what the real haproxy gave.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryHost, parseConfig, type Config } from '@evenkeel/config';
import {
  createCompiler,
  parseIpAddress,
  type ExpressionEnvironment,
  type LogContext,
  type ProxyView,
} from '@evenkeel/expr';
import { defaultHeadOptions, parseRequestHead, type RequestHead } from '@evenkeel/http';
import { sampleFiles, type Answer, type Evaluation } from './samples.ts';

const environment: ExpressionEnvironment = {
  hostname: 'lab',
  pid: 7,
  thread: 0,
  variable: (name) => (name === 'GOLDEN_NAME' ? 'lab' : undefined),
  nowMs: () => 1_795_459_150_123,
  random: () => 0.5,
  localOffsetMinutes: () => 0,
  proxy: () => undefined,
};

const proxy: ProxyView = {
  name: 'fe1',
  id: 1,
  defaultBackend: undefined,
  frontendConnections: 1,
  backendConnections: 0,
};

/** A stream at the moment of its http-request rules, as the recording script makes one. */
function contextOf(request: RequestHead): LogContext {
  const context = {
    session: {
      frontend: proxy,
      listenerId: 1,
      listenerName: undefined,
      source: parseIpAddress('127.0.0.1'),
      sourcePort: 40_000,
      destination: parseIpAddress('127.0.0.1'),
      destinationPort: 8080,
      acceptDateMs: 1_795_459_150_000,
      secure: false,
      tlsVersion: undefined,
      tlsCipher: undefined,
    },
    backend: proxy,
    backendChosen: false,
    server: undefined,
    request,
    response: undefined,
    inspectionFinal: true,
    uniqueId: undefined,
    loggedRequestLine: `${request.method} ${request.uri} HTTP/${request.version}`,
    capturedRequestHeaders: [],
    capturedResponseHeaders: [],
  };
  return context as unknown as LogContext;
}

/** One rule for each evaluation: a header from the value, and a condition on its presence, or the test itself. */
function configFor(evaluations: readonly Evaluation[]): Config {
  const rules = evaluations.flatMap(({ kind, text }) =>
    kind === 'value'
      ? [`http-request set-header x '%[${text}]'`, `http-request add-header x y if { '${text}' -m found }`]
      : [`http-request add-header x y if { ${text} }`],
  );
  const config = `defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\nfrontend fe1\n bind :8080\n ${rules.join('\n ')}\n`;
  const { config: model, diagnostics } = parseConfig([{ name: 'samples.cfg', text: config }], memoryHost());
  assert.ok(model !== undefined, diagnostics.map((one) => `${one.at?.line}: ${one.message}`).join('\n'));
  return model;
}

for (const file of sampleFiles()) {
  for (const { request, evaluations } of file.groups) {
    test(`samples: ${file.name}: ${request.slice(0, 60).replaceAll('\r\n', ' ')}`, () => {
      const compiler = createCompiler(environment);
      const head = parseRequestHead(request, defaultHeadOptions);
      assert.ok(head.kind === 'request', request);
      const context = contextOf(head);
      const rules = configFor(evaluations).proxies[0].rules.httpRequest;
      let index = 0;
      for (const { kind, text, answer, ours } of evaluations) {
        let got: Answer;
        if (kind === 'value') {
          const { action } = rules[index++];
          const isFound = compiler.condition(rules[index++].condition)!;
          assert.ok(action.type === 'set-header');
          const value = compiler.logFormat(action.value)(context);
          got = isFound(context) ? value : undefined;
        } else got = compiler.condition(rules[index++].condition)!(context);
        assert.deepEqual({ text, answer: got }, { text, answer: ours === undefined ? answer : ours.answer });
      }
    });
  }
}
