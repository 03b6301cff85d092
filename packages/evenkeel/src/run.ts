/**
 * The daemon's life on its machine: reads the configuration, starts what serves, writes the pid file, opens the runtime
 * sockets, and acts on signals until it is told to stop (management manual, sections 3 and 4).
 */

import { hostname } from 'node:os';
import { RuntimeSockets } from '@evenkeel/admin';
import type { Runtime } from '@evenkeel/admin';
import { Daemon, monotonicMs, resolveName } from '@evenkeel/control';
import type { PreparedChange } from '@evenkeel/control';
import type { SpareThreads } from '@evenkeel/control/spare-threads';
import { hasListener } from '@evenkeel/config';
import type { Config, StatsSocket } from '@evenkeel/config';
import { ownerIds, reasonOf, support, unblockSignal } from '@evenkeel/sys';
import type { Capability } from '@evenkeel/sys';
import { isInBackground, sayReady, startInBackground } from './background.ts';
import type { CommandLine } from './command-line.ts';
import { nodeHost } from './host.ts';
import { loadConfiguration, masterSocket } from './load.ts';
import { PidFile } from './pid-file.ts';
import { Privileges } from './privileges.ts';
import type { HandledSignal, ProcessEnd, Signals } from './signals.ts';
import type { Terminal } from './terminal.ts';
import { RELEASE_DATE, VERSION } from './version.ts';

/**
 * `argv` is what `options` were parsed from: the process in the background gets the same. `spares`: data threads that were
 * started while this was loading; the caller dismisses those that are left.
 */
export async function run(
  options: CommandLine,
  argv: readonly string[],
  terminal: Terminal,
  signals: Signals,
  spares: SpareThreads | undefined,
): Promise<ProcessEnd> {
  // The launcher has Node leave SIGUSR1 alone, which blocks it: who asks for a soft stop of a process that is still loading
  // must not open a debugger, nor be overheard.
  if (support('native').supported) unblockSignal('SIGUSR1');
  const loaded = loadConfiguration(options, terminal);
  if (!loaded.ok) return 1;
  const { config } = loaded;
  if (!hasListener(config)) {
    terminal.say('alert', "[haproxy.main()] No enabled listener found (check for 'bind' directives) ! Exiting.");
    return 1;
  }
  const wantsBackground = (options.daemon || config.global.daemon) && !options.debug && !options.foreground;
  if (wantsBackground && !isInBackground()) {
    await spares?.dismiss();
    return await startInBackground(argv, terminal, signals);
  }
  const { masterSocket: written } = options;
  const master = written === undefined ? undefined : masterSocket(written, terminal);
  if (written !== undefined && master === undefined) return 1;
  return await new Process(options, terminal, config, master === undefined ? [] : [master], spares).live(signals);
}

/** Of chown(2). */
const UNCHANGED = -1;

class Process {
  readonly #options: CommandLine;
  readonly #terminal: Terminal;
  readonly #daemon: Daemon;
  readonly #sockets: RuntimeSockets;
  readonly #startTimeMs = Date.now();
  #config: Config;
  #finish: ((end: ProcessEnd) => void) | undefined;
  #isServing = false;
  /** What came before that. */
  readonly #early: HandledSignal[] = [];
  #softStopping = false;
  readonly #privileges = new Privileges();
  readonly #spares: SpareThreads | undefined;
  #pidFile: PidFile | undefined;

  constructor(
    options: CommandLine,
    terminal: Terminal,
    config: Config,
    furtherSockets: readonly StatsSocket[],
    spares: SpareThreads | undefined,
  ) {
    this.#options = options;
    this.#terminal = terminal;
    this.#config = config;
    this.#spares = spares;
    this.#daemon = new Daemon({
      maxconn: options.maxconn,
      ignoreResolution: options.ignoreResolution,
      logTag: 'haproxy',
      report: (level, text) => terminal.say(level, text),
      onHopeless: (text) => {
        terminal.say('alert', `${text}; exiting.`);
        this.#finish?.(1);
      },
      spares,
      persist: { names: options.files, stateDirectory: process.env['STATE_DIRECTORY'] },
      configHost: () => nodeHost(this.#privileges.became),
      beforeFirstThread: async () => await this.#giveUpPrivileges(),
      afterFirstPublication: () => this.#privileges.finish(),
      follower: { prepare: async (next) => await this.#prepare(next) },
    });
    const daemon = this.#daemon;
    const runtime: Runtime = {
      plan: () => daemon.plan,
      segment: daemon.segment,
      statistics: daemon.statistics,
      health: daemon.health,
      resolvers: daemon.resolvers,
      changes: daemon.changes,
      pid: process.pid,
      version: VERSION,
      releaseDate: RELEASE_DATE,
      startTimeMs: this.#startTimeMs,
      ask: daemon.ask,
      profiler: daemon.profiler,
      servers: daemon.servers,
      configHost: nodeHost(this.#privileges.became),
      forgetListeners: (index) => daemon.forgetListeners(index),
      announceStop: (index) => daemon.announceStop(index),
      announce: (index, text) => daemon.announce(index, text),
      startupLogs: () => terminal.record,
      nodeName: () => daemon.plan.config.global.node ?? hostname(),
      environment: process.env,
      dateNow: () => Date.now(),
      monotonicNow: monotonicMs,
      threads: () => daemon.status().threads,
      stopping: () => daemon.status().stopping,
      droppedLogs: () => daemon.status().droppedLogs,
      events: daemon.log,
      idlePercent: () => daemon.status().idlePercent,
      descriptorLimit: () => daemon.status().descriptors,
    };
    this.#sockets = new RuntimeSockets(runtime, furtherSockets, resolveName);
  }

  /** Resolves with the way to end when the process has stopped. */
  async live(signals: Signals): Promise<ProcessEnd> {
    const finished = new Promise<ProcessEnd>((resolve) => (this.#finish = resolve));
    signals.listen((signal) => this.#hear(signal));
    const started = await Promise.race([this.#daemon.apply(this.#config).catch(startFailure), finished]);
    if (typeof started === 'number') {
      await this.#end();
      return started;
    }
    if (typeof started === 'string') {
      // A start takes as long as names take to resolve; who gives up waiting does not wait for its threads either.
      this.#daemon.abandonStart();
      this.#pidFile?.remove();
      return started;
    }
    if (!started.ok) {
      for (const error of started.errors) this.#terminal.say('alert', error);
      if (started.errors.some((error) => error.startsWith('Binding'))) {
        this.#terminal.say('alert', '[haproxy.main()] Some protocols failed to start their listeners! Exiting.');
      }
      await this.#end();
      return 1;
    }
    this.#replaceOlder();
    if (this.#options.masterWorker !== 'off') this.#terminal.say('notice', 'Loading success.');
    sayReady();
    void this.#spares?.dismiss();
    this.#isServing = true;
    this.#terminal.endRecord();
    for (const signal of this.#early.splice(0)) this.#hear(signal);
    const end = await finished;
    await this.#end();
    return end;
  }

  /** Signals that mean something to a process that serves wait until it does. */
  #hear(signal: HandledSignal): void {
    if (!this.#isServing && signal !== 'SIGTERM' && signal !== 'SIGINT') {
      this.#early.push(signal);
      return;
    }
    this.#onSignal(signal).catch((error: unknown) => this.#terminal.say('alert', `${signal}: ${reasonOf(error)}`));
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
    this.#terminal.beginRecord();
    await this.#load();
    this.#terminal.endRecord();
  }

  async #load(): Promise<void> {
    const loaded = loadConfiguration(this.#options, this.#terminal, this.#privileges.became);
    const result = loaded.ok ? await this.#daemon.apply(loaded.config) : undefined;
    if (loaded.ok && result?.ok === true) {
      this.#config = loaded.config;
      this.#terminal.say('notice', `Loading success (generation ${result.generation}).`);
      return;
    }
    for (const error of result?.ok === false ? result.errors : []) this.#terminal.say('alert', error);
    this.#terminal.say('alert', 'The new configuration was not applied; the old one goes on serving.');
  }

  /** What goes with a configuration beside listeners and threads; the pid file is the last thing before the first one serves. */
  async #prepare(config: Config): Promise<PreparedChange> {
    const sockets = await this.#sockets.prepare(config);
    const publishPaths = (): readonly string[] => {
      const errors = sockets.publishPaths();
      if (errors.length > 0) return errors;
      try {
        this.#pidFile?.write();
        return [];
      } catch (error) {
        return [`[haproxy.main()] Cannot write the pidfile (${reasonOf(error)})`];
      }
    };
    return { ...sockets, publishPaths };
  }

  /** Opens the file that only a privileged process may write; data threads start after this. */
  async #giveUpPrivileges(): Promise<readonly Capability[] | undefined> {
    const path = this.#options.pidFile ?? this.#config.global.pidfile;
    if (path !== undefined) this.#pidFile = new PidFile(path);
    // A thread that is still loading would lose what it is to keep.
    if (this.#privileges.willDrop(this.#config.global)) {
      await this.#spares?.loaded();
      const { uid, gid } = ownerIds(this.#config.global);
      await this.#daemon.changes.giveTo(this.#config, uid ?? UNCHANGED, gid ?? UNCHANGED);
    }
    return this.#privileges.drop(this.#config.global, this.#terminal);
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
    this.#pidFile?.remove();
  }
}

/** What the machine refuses at the start: a pid file that cannot be written, a user that cannot be changed to. */
function startFailure(error: unknown): { readonly ok: false; readonly errors: readonly string[] } {
  return { ok: false, errors: [reasonOf(error)] };
}
