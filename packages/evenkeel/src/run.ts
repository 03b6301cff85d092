/**
 * The daemon's life on its machine: reads the configuration, starts what serves, writes the pid file, opens the runtime
 * sockets, and acts on signals until it is told to stop (management manual, sections 3 and 4).
 */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { RuntimeSockets } from '@evenkeel/admin';
import { Daemon, monotonicMs } from '@evenkeel/control';
import { hasListener } from '@evenkeel/config';
import type { Config } from '@evenkeel/config';
import { isInBackground, sayReady, startInBackground } from './background.ts';
import type { CommandLine } from './command-line.ts';
import { loadConfiguration, masterSocket } from './load.ts';
import { dropPrivilegesOf } from './privileges.ts';
import type { HandledSignal, ProcessEnd, Signals } from './signals.ts';
import type { Terminal } from './terminal.ts';
import { RELEASE_DATE, VERSION } from './version.ts';

/** `argv` is what `options` were parsed from: the process in the background gets the same. */
export async function run(
  options: CommandLine,
  argv: readonly string[],
  terminal: Terminal,
  signals: Signals,
): Promise<ProcessEnd> {
  const loaded = loadConfiguration(options, terminal);
  if (!loaded.ok) return 1;
  const { config } = loaded;
  if (!hasListener(config)) {
    terminal.say('alert', "[haproxy.main()] No enabled listener found (check for 'bind' directives) ! Exiting.");
    return 1;
  }
  const wantsBackground = (options.daemon || config.global.daemon) && !options.debug && !options.foreground;
  if (wantsBackground && !isInBackground()) return await startInBackground(argv);
  return await new Process(options, terminal, config).live(signals);
}

class Process {
  readonly #options: CommandLine;
  readonly #terminal: Terminal;
  readonly #daemon: Daemon;
  readonly #sockets: RuntimeSockets;
  readonly #startTimeMs = Date.now();
  #config: Config;
  #finish: ((end: ProcessEnd) => void) | undefined;
  #softStopping = false;
  /** Where this process wrote its number. */
  #pidFile: string | undefined;

  constructor(options: CommandLine, terminal: Terminal, config: Config) {
    this.#options = options;
    this.#terminal = terminal;
    this.#config = config;
    this.#daemon = new Daemon({
      maxconn: options.maxconn,
      ignoreResolution: options.ignoreResolution,
      logTag: 'haproxy',
      report: (level, text) => terminal.say(level, text),
      onHopeless: (text) => {
        terminal.say('alert', `${text}; exiting.`);
        this.#finish?.(1);
      },
      beforeFirstThread: () => this.#giveUpPrivileges(),
    });
    const daemon = this.#daemon;
    this.#sockets = new RuntimeSockets({
      plan: () => daemon.plan,
      segment: daemon.segment,
      statistics: daemon.statistics,
      health: daemon.health,
      pid: process.pid,
      version: VERSION,
      releaseDate: RELEASE_DATE,
      startTimeMs: this.#startTimeMs,
      nodeName: config.global.node ?? hostname(),
      environment: process.env,
      dateNow: () => Date.now(),
      monotonicNow: monotonicMs,
      threads: () => daemon.status().threads,
      stopping: () => daemon.status().stopping,
      droppedLogs: () => daemon.status().droppedLogs,
      idlePercent: () => daemon.status().idlePercent,
      descriptorLimit: () => daemon.status().descriptors,
    });
  }

  /** Resolves with the way to end when the process has stopped. */
  async live(signals: Signals): Promise<ProcessEnd> {
    const finished = new Promise<ProcessEnd>((resolve) => (this.#finish = resolve));
    const { masterSocket: written } = this.#options;
    const master = written === undefined ? undefined : masterSocket(written, this.#terminal);
    if (written !== undefined && master === undefined) {
      await this.#end();
      return 1;
    }
    const socketErrors = this.#sockets.bind(this.#config.global, master === undefined ? [] : [master]);
    const started =
      socketErrors.length > 0
        ? ({ ok: false, errors: socketErrors } as const)
        : await this.#daemon.apply(this.#config).catch(startFailure);
    if (!started.ok) {
      for (const error of started.errors) this.#terminal.say('alert', error);
      if (started.errors.some((error) => error.startsWith('Binding'))) {
        this.#terminal.say('alert', '[haproxy.main()] Some protocols failed to start their listeners! Exiting.');
      }
      await this.#end();
      return 1;
    }
    this.#sockets.serve();
    this.#replaceOlder();
    if (this.#options.masterWorker !== 'off') this.#terminal.say('notice', 'Loading success.');
    sayReady();
    signals.listen((signal) => {
      this.#onSignal(signal).catch((error: unknown) =>
        this.#terminal.say('alert', `${signal}: ${error instanceof Error ? error.message : String(error)}`),
      );
    });
    const end = await finished;
    await this.#end();
    return end;
  }

  async #onSignal(signal: HandledSignal): Promise<void> {
    switch (signal) {
      case 'SIGTERM':
      case 'SIGINT':
        this.#finish?.(signal);
        break;
      case 'SIGUSR1':
        if (this.#softStopping) break;
        this.#softStopping = true;
        this.#sockets.close();
        await this.#daemon.softStop();
        this.#finish?.(0);
        break;
      case 'SIGHUP':
      case 'SIGUSR2':
        if (!this.#softStopping && (this.#options.masterWorker !== 'off' || this.#config.global.masterWorker))
          await this.#reload();
        break;
      case 'SIGTTOU':
        this.#daemon.pause();
        break;
      case 'SIGTTIN':
        this.#daemon.resume();
        break;
      case 'SIGQUIT':
      case 'SIGPIPE':
        break;
    }
  }

  /** A configuration that is not valid, or cannot be bound, leaves the one that serves untouched. */
  async #reload(): Promise<void> {
    const loaded = loadConfiguration(this.#options, this.#terminal);
    const result = loaded.ok ? await this.#daemon.apply(loaded.config) : undefined;
    if (loaded.ok && result?.ok === true) {
      this.#config = loaded.config;
      this.#terminal.say('notice', `Loading success (generation ${result.generation}).`);
      return;
    }
    for (const error of result?.ok === false ? result.errors : []) this.#terminal.say('alert', error);
    this.#terminal.say('alert', 'The new configuration was not applied; the old one goes on serving.');
  }

  /** Files and users that only a privileged process can write to or become; data threads start after this. */
  #giveUpPrivileges(): void {
    const path = this.#options.pidFile ?? this.#config.global.pidfile;
    if (path !== undefined) writeFileSync(path, `${process.pid}\n`);
    this.#pidFile = path;
    dropPrivilegesOf(this.#config.global, this.#terminal);
  }

  #replaceOlder(): void {
    for (const pid of this.#options.replaces?.pids ?? []) {
      try {
        process.kill(pid, this.#options.replaces?.signal);
      } catch (error) {
        this.#terminal.say('warning', `process ${pid} could not be told to leave: ${(error as Error).message}`);
      }
    }
  }

  async #end(): Promise<void> {
    this.#sockets.close();
    await this.#daemon.stop();
    this.#removePidFile();
  }

  /** A newer process may have written its own number there, and an unprivileged process may not be allowed to remove it. */
  #removePidFile(): void {
    if (this.#pidFile === undefined) return;
    try {
      if (Number(readFileSync(this.#pidFile, 'latin1')) === process.pid) rmSync(this.#pidFile);
    } catch {
      // It is gone, or stays: the number in it is of no living process.
    }
  }
}

/** What the machine refuses at the start: a pid file that cannot be written, a user that cannot be changed to. */
function startFailure(error: unknown): { readonly ok: false; readonly errors: readonly string[] } {
  return { ok: false, errors: [error instanceof Error ? error.message : String(error)] };
}
