/**
 * `show stat` of a thousand servers: how long it takes, and what it does to the traffic meanwhile. Requests are sent at a fixed
 * pace, in turns of a second with and without somebody who asks for statistics, so that noise of the machine falls on both.
 */

import { writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Running, freePort } from './processes.ts';
import type { PeerName } from './processes.ts';
import { summarize } from './statistics.ts';

const SERVERS = 1000;
const GOAL_MS = 50;
const GOAL_DELAY_MS = 1;
const REQUESTS_PER_SECOND = 400;
const TURNS = 8;
const ASK_EVERY_MS = 250;
const SETTLE_MS = 1000;

export async function measureRuntimeSocket(
  peers: readonly PeerName[],
  evenkeel: string,
  folder: string,
  backendPort: number,
): Promise<void> {
  console.log(`\nshow stat with ${SERVERS} servers`);
  for (const peer of peers) {
    if (peer === 'nginx') continue;
    const port = await freePort();
    const socket = join(folder, `${peer}-admin.sock`);
    const file = join(folder, `${peer}-servers.cfg`);
    writeFileSync(file, configuration(socket, port, backendPort));
    const proxy = await Running.start('0,1', peer === 'haproxy' ? 'haproxy' : evenkeel, ['-db', '-f', file], port);
    try {
      // In the very moment in which the port accepts, the start itself is still under way.
      await pause(SETTLE_MS);
      const first = (await showStat(socket)).ms;
      const times: number[] = [];
      for (let round = 0; round < 30; round++) times.push((await showStat(socket)).ms);
      const { median, low, high } = summarize(times);
      const alone: number[] = [];
      const beside: number[] = [];
      await traffic(port, 1000);
      for (let turn = 0; turn < TURNS; turn++) {
        alone.push(...(await traffic(port, 1000)));
        const asking = new AbortController();
        const asked = askAgain(socket, asking.signal);
        beside.push(...(await traffic(port, 1000)));
        asking.abort();
        await asked;
      }
      const [before, during] = [percentile(alone, 0.99), percentile(beside, 0.99)];
      console.log(
        `  ${peer.padEnd(10)}${median.toFixed(1)} ms (${low.toFixed(1)}..${high.toFixed(1)}), the first a second after the start ${first.toFixed(1)}; p99 of requests ${before.toFixed(2)} ms, while it is asked ${during.toFixed(2)} ms`,
      );
      if (peer !== 'evenkeel') continue;
      const isQuick = median <= GOAL_MS && first <= GOAL_MS;
      const isQuiet = during - before <= GOAL_DELAY_MS;
      console.log(
        `  ${isQuick ? 'reached' : 'NOT REACHED'}: goal at most ${GOAL_MS} ms; ${isQuiet ? 'reached' : 'NOT REACHED'}: goal at most ${GOAL_DELAY_MS} ms more at p99`,
      );
    } finally {
      await proxy.stop();
    }
  }
}

const configuration = (socket: string, port: number, backendPort: number): string => `
global
    nbthread 1
    stats socket ${socket} level admin
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend fe
    bind 127.0.0.1:${port}
    default_backend small
backend small
    server s 127.0.0.1:${backendPort}
backend large
    server-template s 1-${SERVERS} 127.0.0.1:${backendPort}
`;

async function showStat(path: string): Promise<{ readonly ms: number; readonly bytes: number }> {
  const start = performance.now();
  return await new Promise((resolve, reject) => {
    const socket = connect(path);
    let bytes = 0;
    socket.on('data', (chunk) => (bytes += chunk.length));
    socket.once('error', reject);
    socket.once('close', () => resolve({ ms: performance.now() - start, bytes }));
    socket.write('show stat\n');
  });
}

async function askAgain(path: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await showStat(path);
    await pause(ASK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Latencies of requests at a fixed pace, ms. */
async function traffic(port: number, forMs: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const latencies: Promise<number>[] = [];
  const start = performance.now();
  for (let sent = 0; performance.now() - start < forMs; sent++) {
    const due = start + (sent * 1000) / REQUESTS_PER_SECOND;
    const early = due - performance.now();
    if (early >= 1) await pause(early);
    latencies.push(request(port, agent));
  }
  const all = await Promise.all(latencies);
  agent.destroy();
  return all;
}

async function request(port: number, agent: Agent): Promise<number> {
  const start = performance.now();
  return await new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent }, (response) => {
      response.resume();
      response.once('end', () => resolve(performance.now() - start));
    }).once('error', reject);
  });
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
