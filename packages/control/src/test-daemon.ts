// Daemons with threads and listeners of their own for tests, stopped when the test ends, and what tests wait for.
import { once } from 'node:events';
import * as net from 'node:net';
import type { TestContext } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { memoryHost, parseConfig, type Config, type ConfigHost } from '@evenkeel/config';
import { Daemon, type DaemonOptions } from './daemon.ts';

/** Throws what is wrong with the text. */
export function configOf(text: string, host: ConfigHost = memoryHost()): Config {
  const { config, diagnostics } = parseConfig([{ name: 'test.cfg', text }], host);
  if (config === undefined) throw new Error(diagnostics.map(({ message, at }) => `${at?.line}: ${message}`).join('\n'));
  return config;
}

export interface TestDaemon {
  readonly daemon: Daemon;
  /** `level: line`, in the order in which they were told. */
  readonly reports: readonly string[];
  /** Data threads in the order of their start. */
  readonly workers: readonly Worker[];
}

/** One that has no configuration yet. `options` take the place of plain ones; `hear` gets reports when they are made. */
export function newDaemon(
  context: TestContext,
  options: Partial<DaemonOptions> = {},
  hear: (line: string) => void = () => undefined,
): TestDaemon {
  const reports: string[] = [];
  const workers: Worker[] = [];
  const watch = (worker: Worker): void => {
    if (String((worker as unknown as { threadName?: string }).threadName).startsWith('data-')) workers.push(worker);
  };
  process.on('worker', watch);
  const daemon = new Daemon({
    maxconn: undefined,
    ignoreResolution: false,
    logTag: 'test',
    report(level, line) {
      reports.push(`${level}: ${line}`);
      hear(line);
    },
    beforeFirstThread: async () => await Promise.resolve(undefined),
    afterFirstPublication() {},
    onHopeless: (line) => reports.push(`hopeless: ${line}`),
    ...options,
  });
  context.after(async () => {
    process.removeListener('worker', watch);
    await daemon.stop();
  });
  return { daemon, reports, workers };
}

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until `condition` holds, looking again each few ms: for state that has no event. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  what: string,
  limitMs = 20_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
