/**
 * Servers that close kept connections whenever they like: right after an answer, between requests, or at the very moment at
 * which the next request arrives. No client may see it for a request that can be repeated; what cannot be repeated is never
 * sent twice. The choices come from a seed that is printed.
 */

import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Daemon, freePorts } from '../support/daemon.ts';
import { RawServer, ask, keepAliveAgent } from '../support/http.ts';
import { randomSource } from '../soak/aborts.ts';

const GETS = 4000;
const POSTS = 1500;
const CLIENTS = 16;
const POLICIES = ['never', 'safe', 'aggressive', 'always'] as const;

type Policy = (typeof POLICIES)[number];

const seed = Number(process.env['SOAK_SEED'] ?? Math.floor(Math.random() * 1e9));
const random = randomSource(seed);
/** Times that a server took in a whole request, by its path. */
const seen = new Map<string, number>();
/** Connections that servers closed while they were kept. */
let closed = 0;
let connections = 0;
const resources = new AsyncDisposableStack();
const ports = {} as Record<Policy, number>;

/** Answers whole requests and ends kept connections at random moments, by FIN or by RST. */
function serve(socket: Socket): void {
  connections++;
  let text = '';
  let answered = 0;
  let timer: NodeJS.Timeout | undefined;
  const leave = (): void => {
    if (socket.destroyed) return;
    closed++;
    const how = random();
    if (how < 0.4) socket.destroy();
    else if (how < 0.6) socket.resetAndDestroy();
    else socket.end();
  };
  socket.once('close', () => clearTimeout(timer));
  socket.on('data', (chunk) => {
    if (socket.writableEnded) return;
    clearTimeout(timer);
    text += chunk.toString('latin1');
    // At the moment at which the next request arrives, and before anything of it is served.
    if (answered > 0 && random() < 0.05) {
      leave();
      return;
    }
    for (let request = take(text); request !== undefined; request = take(text)) {
      text = text.slice(request.bytes);
      seen.set(request.path, (seen.get(request.path) ?? 0) + 1);
      const body = `${request.path} ${request.body}`;
      answered++;
      const choice = random();
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`, () => {
        if (choice < 0.15) leave();
        else if (choice < 0.3) setImmediate(leave);
        else if (choice < 0.5) timer = setTimeout(leave, random() * 4);
      });
    }
  });
}

interface Request {
  readonly path: string;
  readonly body: string;
  readonly bytes: number;
}

/** The first request of `text`, if it is whole. */
function take(text: string): Request | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const length = Number(/\r\ncontent-length: (\d+)/.exec(text.slice(0, end))?.[1] ?? 0);
  const bytes = end + 4 + length;
  if (text.length < bytes) return undefined;
  return { path: text.split(' ', 2)[1], body: text.slice(end + 4, bytes), bytes };
}

before(async () => {
  const servers = [resources.use(await RawServer.start(serve)), resources.use(await RawServer.start(serve))];
  const free = await freePorts(POLICIES.length);
  POLICIES.forEach((policy, index) => (ports[policy] = free[index]));
  const listen = (policy: Policy): string => `listen ${policy}
    bind 127.0.0.1:${ports[policy]}
    http-reuse ${policy}
    balance roundrobin
${servers.map(({ port }, index) => `    server s${index + 1} 127.0.0.1:${port}\n`).join('')}`;
  resources.use(
    await Daemon.start(
      `global
    nbthread 2
    stats socket FOLDER/admin.sock level admin
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
${POLICIES.map(listen).join('')}`,
      { port: ports.safe },
    ),
  );
});

after(async () => await resources.disposeAsync());

/** Sends `count` requests over kept connections; resolves with the failures and the paths that were answered. */
async function load(
  policy: Policy,
  method: 'GET' | 'POST',
  count: number,
): Promise<{ failures: string[]; answered: string[] }> {
  const agent = keepAliveAgent(CLIENTS);
  const failures: string[] = [];
  const answered: string[] = [];
  let started = 0;
  const client = async (): Promise<void> => {
    while (started < count) {
      const path = `/${policy}/${method}/${started++}`;
      const body = method === 'POST' ? `body of ${path}` : '';
      try {
        const answer = await ask(ports[policy], {
          path,
          method,
          agent,
          ...(method === 'POST' ? { body, headers: { 'content-length': String(body.length) } } : {}),
        });
        assert.equal(answer.status, 200, path);
        assert.equal(answer.body.toString(), `${path} ${body}`);
        answered.push(path);
      } catch (error) {
        failures.push(`${path}: ${(error as Error).message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  agent.destroy();
  return { failures, answered };
}

describe(`servers that close idle connections at random, seed ${seed}`, () => {
  for (const policy of POLICIES) {
    test(`http-reuse ${policy}: ${GETS} GETs on kept connections, and no client sees an error`, async (context) => {
      const before = { closed, connections };
      const { failures, answered } = await load(policy, 'GET', GETS);
      context.diagnostic(
        `${connections - before.connections} server connections, ${closed - before.closed} closed by servers`,
      );
      assert.deepEqual(failures, []);
      assert.equal(answered.length, GETS);
      assert.ok(connections - before.connections > 100);
      // Else the test has shown nothing about connections that are used again.
      assert.ok(connections - before.connections < GETS);
    });

    test(`http-reuse ${policy}: of ${POSTS} POSTs none reaches a server twice, and each answer is of one that did`, async (context) => {
      const { failures, answered } = await load(policy, 'POST', POSTS);
      context.diagnostic(`${failures.length} of ${POSTS} were not answered`);
      const twice = [...seen].filter(([path, count]) => path.startsWith(`/${policy}/POST/`) && count !== 1);
      assert.deepEqual(twice, []);
      for (const path of answered) assert.equal(seen.get(path), 1, path);
      // A request that may not be repeated is lost with its connection: the client hears of the close, or gets a 5xx.
      for (const failure of failures) assert.match(failure, /ECONNRESET|EPIPE|socket hang up|50[23] !== 200/);
      assert.ok(answered.length > POSTS / 2);
    });
  }
});
