// What checks cost: `node packages/control/src/check-bench.ts [servers] [seconds]`. That many servers, each checked every second, on
// one listener in a process of its own: CPU of the process that checks, as a share of a core, and how evenly the checks come.
// First TCP checks, then `option httpchk`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { SegmentOwner } from '@evenkeel/shm';
import { memoryHost, parseConfig } from '@evenkeel/config';
import { HealthMonitor } from '@evenkeel/checks';
import { openCheckConnection } from './check-connections.ts';

const BUCKET_MS = 100;
/** The daemon checks for weeks: what counts is how it goes on once the hot code is compiled, after some 20,000 checks. */
const WARM_UP_MS = 12_000;

/** The listener: answers HTTP, and prints how many connections each tenth of a second brought. */
async function listen(): Promise<void> {
  let buckets: number[] = [];
  const start = performance.now();
  const server = net.createServer({ noDelay: true }, (socket) => {
    const bucket = Math.floor((performance.now() - start) / BUCKET_MS);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    socket.on('error', () => {});
    socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\n'));
  });
  server.listen(0, '127.0.0.1', 4096);
  await once(server, 'listening');
  process.stdout.write(`${(server.address() as net.AddressInfo).port}\n`);
  process.stdin.on('data', () => {
    process.stdout.write(`${JSON.stringify(Array.from(buckets, (count) => count ?? 0))}\n`);
    buckets = [];
  });
  process.stdin.once('end', () => process.exit());
}

async function measure(name: string, count: number, seconds: number): Promise<void> {
  const child = spawn(process.execPath, [import.meta.filename, 'listen'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const line = async (): Promise<string> => {
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
    return chunk.toString().trim();
  };
  const port = Number(await line());
  const owner = new SegmentOwner({ maxThreads: 2 });
  const monitor = new HealthMonitor({
    segment: owner.segment,
    now: () => performance.now(),
    dateNow: Date.now,
    random: Math.random,
    open: openCheckConnection,
    expressions: {
      hostname: 'bench',
      pid: process.pid,
      thread: 0,
      variable: () => undefined,
      nowMs: Date.now,
      random: Math.random,
      localOffsetMinutes: () => 0,
      proxy: () => undefined,
    },
    log: (_logSet, { text }) => process.stdout.write(`${text}\n`),
  });
  const { config: file } = parseConfig(
    [
      {
        name: 'bench.cfg',
        text: `backend b\n ${name === 'tcp' ? '' : 'option httpchk'}\n server s 127.0.0.1:${port} check inter 1s\n`,
      },
    ],
    memoryHost({}),
  );
  const [proxy] = file!.proxies;
  const slot = owner.allocate('backend', 'b');
  monitor.apply({
    generation: 1,
    checks: { bufferBytes: 16_384, maxHeaders: 101, nodeName: 'bench' },
    spreadPercent: 0,
    maxSpreadMs: undefined,
    backends: [
      {
        name: 'b',
        id: 2,
        slot,
        logSet: 0,
        isListen: false,
        hasDynamicWeights: true,
        redispatches: false,
        mailAlert: undefined,
        check: proxy.check,
        externalCheck: { command: '', path: '', serverProtocol: 'tcp', listener: { address: '', port: '' } },
        connectTimeoutMs: 1000,
        checkTimeoutMs: 1000,
        serverTimeoutMs: undefined,
        tunnelTimeoutMs: undefined,
        options: { allbackups: false, logHealthChecks: false, persist: false },
        source: undefined,
        servers: Array.from({ length: count }, (_, index) => ({
          slot: owner.allocate('server', `b/s${index}`),
          host: '127.0.0.1',
          config: { ...proxy.servers[0], name: `s${index}`, id: index + 1 },
        })),
      },
    ],
  });
  const pause = async (ms: number): Promise<void> => await new Promise((resolve) => setTimeout(resolve, ms));
  await pause(WARM_UP_MS);
  const before = process.cpuUsage();
  const start = performance.now();
  await pause(seconds * 1000);
  const { user, system } = process.cpuUsage(before);
  const elapsedMs = performance.now() - start;
  child.stdin.write('\n');
  const buckets = (JSON.parse(await line()) as number[])
    .slice(-Math.floor(elapsedMs / BUCKET_MS) - 1, -1)
    .toSorted((a, b) => a - b);
  const at = (share: number): number => buckets[Math.floor((buckets.length - 1) * share)];
  const total = buckets.reduce((sum, bucket) => sum + bucket, 0);
  process.stdout.write(
    `${name}: ${count} servers: ${((user + system) / 10 / elapsedMs).toFixed(1)} % of a core ` +
      `(${((user + system) / total).toFixed(0)} us a check), ${((1000 * total) / elapsedMs).toFixed(0)} checks/s; ` +
      `in ${BUCKET_MS} ms: ${at(0)} at least, ${at(0.5)} in the middle, ${at(1)} at most\n`,
  );
  monitor.stop();
  child.stdin.end();
  await once(child, 'exit');
}

if (process.argv[2] === 'listen') await listen();
else {
  const [count, seconds] = [Number(process.argv[2] ?? 2000), Number(process.argv[3] ?? 10)];
  for (const name of ['tcp', 'http']) await measure(name, count, seconds);
  process.exit();
}
