// What the tests of this package share: a stream that stands still, and text read by the real parser.

import assert from 'node:assert/strict';
import { memoryHost, parseConfig, type Condition, type Expression, type LogFormat, type Rule } from '@evenkeel/config';
import {
  defaultHeadOptions,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
} from '@evenkeel/http';
import type { ExpressionEnvironment, LogContext, ProxyView, ServerView, SessionView } from './context.ts';
import { parseIpAddress } from './ip-address.ts';

/** 2026-11-23 18:39:10.123 UTC. */
export const NOW_MS = 1_795_459_150_123;

export function environmentOf(changes: Partial<ExpressionEnvironment> = {}): ExpressionEnvironment {
  return {
    hostname: 'lab',
    pid: 7,
    thread: 3,
    variable: (name) => (name === 'HOME' ? '/root' : undefined),
    nowMs: () => NOW_MS,
    random: () => 0.5,
    localOffsetMinutes: () => 60,
    proxy: (name) => (name === 'app' ? proxyView('app', 2) : undefined),
    ...changes,
  };
}

export function proxyView(name: string, id: number): ProxyView {
  return { name, id, defaultBackend: 'app', frontendConnections: 11, backendConnections: 22 };
}

export const server: ServerView = {
  name: 's1',
  id: 5,
  connections: 3,
  address: parseIpAddress('10.0.0.9'),
  port: 8001,
};

export function requestOf(text: string): RequestHead {
  const head = parseRequestHead(text, defaultHeadOptions);
  assert.ok(head.kind === 'request', text);
  return head;
}

export function responseOf(text: string): ResponseHead {
  const head = parseResponseHead(text, { method: 'GET', upgrade: false }, defaultHeadOptions);
  assert.ok(head.kind === 'response', text);
  return head;
}

export const session: SessionView = {
  frontend: proxyView('web', 1),
  listenerId: 4,
  listenerName: 'main',
  source: parseIpAddress('192.0.2.1'),
  sourcePort: 40_000,
  destination: parseIpAddress('192.0.2.80'),
  destinationPort: 80,
  acceptDateMs: NOW_MS - 100,
  secure: false,
  tlsVersion: undefined,
  tlsCipher: undefined,
};

/** A stream after its response, with what is given put in place. */
export function contextOf(changes: Partial<LogContext> = {}): LogContext {
  return {
    session,
    backend: proxyView('app', 2),
    backendChosen: true,
    server,
    request: requestOf('GET /a/b?x=1 HTTP/1.1\r\nHost: www.example.com\r\nX-List: a, b\r\n\r\n'),
    response: undefined,
    inspectionFinal: true,
    uniqueId: 'u-1',
    timers: { handshakeMs: 0, idleMs: 5, requestMs: 15, queueMs: 20, connectMs: 30, dataMs: 60, closeMs: 100 },
    requestDateMs: NOW_MS,
    loggedRequestLine: 'GET /a/b?x=1 HTTP/1.1',
    status: 200,
    bytesRead: 1234,
    bytesUploaded: 56,
    logCounter: 8,
    requestCounter: 9,
    activeConnections: 10,
    terminationState: '--',
    cookieState: '--',
    retries: 0,
    redispatched: false,
    backendQueue: 0,
    serverQueue: 0,
    serverNameFallback: '<NOSRV>',
    backendSource: parseIpAddress('10.0.0.1'),
    backendSourcePort: 50_000,
    requestCookie: undefined,
    responseCookie: undefined,
    capturedRequestHeaders: [],
    capturedResponseHeaders: [],
    ...changes,
  };
}

/** Rules of one frontend with a backend `app` beside it. */
export function rulesOf(
  lines: readonly string[],
  phase: 'httpRequest' | 'httpResponse' | 'tcpRequestContent' = 'httpRequest',
  files: Record<string, string> = {},
): readonly Rule[] {
  const text = `defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\nbackend app\n server s1 127.0.0.1:1\nfrontend web\n bind :8080\n default_backend app\n ${lines.join('\n ')}\n`;
  const { config, diagnostics } = parseConfig([{ name: 't.cfg', text }], memoryHost({ files }));
  assert.ok(config !== undefined, diagnostics.map((one) => one.message).join('\n'));
  return config.proxies.find((proxy) => proxy.name === 'web')!.rules[phase];
}

/** The condition of the last rule that is made of the lines. */
export function conditionOf(lines: readonly string[], files: Record<string, string> = {}): Condition {
  const { condition } = rulesOf(lines, 'httpRequest', files).at(-1)!;
  assert.ok(condition !== undefined);
  return condition;
}

/** A log format as a header's value is read. */
export function formatOf(text: string, direction: 'request' | 'response' = 'request'): LogFormat {
  const { action } = rulesOf(
    [`http-${direction} set-header x ${text}`],
    direction === 'request' ? 'httpRequest' : 'httpResponse',
  )[0];
  assert.ok(action.type === 'set-header');
  return action.value;
}

/** A log format as the line of `log-format` is read. */
export function lineOf(text: string): LogFormat {
  const config = `defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\nfrontend web\n bind :8080\n log 127.0.0.1 local0\n log-format ${text}\n`;
  const { config: model, diagnostics } = parseConfig([{ name: 't.cfg', text: config }], memoryHost());
  assert.ok(model !== undefined, diagnostics.map((one) => one.message).join('\n'));
  const { logFormat } = model.proxies[0];
  assert.ok(logFormat.kind === 'custom');
  return logFormat.format;
}

/** The expression of `%[…]`. */
export function expressionOf(text: string, direction: 'request' | 'response' = 'request'): Expression {
  const [part] = formatOf(`'%[${text}]'`, direction).parts;
  assert.ok(part.kind === 'sample');
  return part.expression;
}
