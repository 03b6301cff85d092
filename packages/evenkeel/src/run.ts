/**
 * The daemon's life on its machine: reads the configuration, starts what serves, writes the pid file, opens the runtime
 * sockets, and acts on signals until it is told to stop (management manual, sections 3 and 4).
 */

import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { RuntimeSockets, poolsText, serverStates } from '@evenkeel/admin';
import type { Runtime } from '@evenkeel/admin';
import { Daemon, ReloadRecord, monotonicMs, resolveName } from '@evenkeel/control';
import type { PreparedChange } from '@evenkeel/control';
import type { SpareThreads } from '@evenkeel/control/spare-threads';
import { hasListener } from '@evenkeel/config';
import type { Config, StatsSocket } from '@evenkeel/config';
import { exitAtOnce, ownerIds, reasonOf, support, unblockSignal } from '@evenkeel/sys';
import type { Capability } from '@evenkeel/sys';
import { isInBackground, sayReady, startInBackground } from './background.ts';
import type { CommandLine } from './command-line.ts';
import { nodeHost } from './host.ts';
import { AsideLoader } from './load-aside.ts';
import { loadConfiguration, masterSocket } from './load.ts';
import { PidFile } from './pid-file.ts';
import { Privileges } from './privileges.ts';
import { ServiceManager } from './service-manager.ts';
import { ControlChannel, type ChannelAnswer } from './service/channel.ts';
import { statusText } from './service/status.ts';
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
  if (config.global.quiet) terminal.hush();
  if (!hasListener(config)) {
    terminal.say('alert', `${NO_LISTENER} ! Exiting.`);
    return 1;
  }
  // The keyword does not count for a service manager, which waits for this very process (manual section 3.1, `daemon`).
  const daemonKeyword = config.global.daemon && options.masterWorker !== 'notify';
  const wantsBackground = (options.daemon || daemonKeyword) && !options.debug && !options.foreground;
  if (wantsBackground && !isInBackground()) {
    await spares?.dismiss();
    return await startInBackground(argv, terminal, signals);
  }
  const { masterSocket: written } = options;
  const master = written === undefined ? undefined : masterSocket(written, terminal);
  if (written !== undefined && master === undefined) return 1;
  if (master !== undefined && options.masterWorker === 'off' && !config.global.masterWorker)
    terminal.say('warning', 'config : a master CLI socket was defined, but master-worker mode (-W) is not enabled.');
  const furtherSockets = master === undefined ? [] : [master];
  return await new Process(options, terminal, config, loaded.environment, furtherSockets, spares).live(signals);
}

const NO_LISTENER = "[haproxy.main()] No enabled listener found (check for 'bind' directives)";
/** With what HAProxy's master leaves when it was told to stop; a process without a master dies of the signal. */
const MASTER_STATUS = { SIGTERM: 0, SIGINT: 130 } as const;
/** Of chown(2). */
const UNCHANGED = -1;

class Process {
  readonly #options: CommandLine;
  readonly #terminal: Terminal;
  readonly #daemon: Daemon;
  readonly #sockets: RuntimeSockets;
  readonly #runtime: Runtime;
  readonly #startTimeMs = Date.now();
  #config: Config;
  /** As that configuration left it. */
  #environment: ReadonlyMap<string, string>;
  #finish: ((end: ProcessEnd) => void) | undefined;
  #isServing = false;
  /** What came before that. */
  readonly #early: HandledSignal[] = [];
  #softStopping = false;
  /** It was told to end: what is left is a matter of moments. */
  #isEnding = false;
  readonly #privileges = new Privileges();
  readonly #loads = new ReloadRecord();
  readonly #loader: AsideLoader;
  /** Only with `-Ws`. */
  readonly #manager: ServiceManager | undefined;
  #channel: ControlChannel | undefined;
  /** Reloads, one after another. */
  #reloading: Promise<unknown> = Promise.resolve();
  readonly #spares: SpareThreads | undefined;
  #pidFile: PidFile | undefined;

  constructor(
    options: CommandLine,
    terminal: Terminal,
    config: Config,
    environment: ReadonlyMap<string, string>,
    furtherSockets: readonly StatsSocket[],
    spares: SpareThreads | undefined,
  ) {
    this.#options = options;
    this.#terminal = terminal;
    this.#config = config;
    this.#environment = environment;
    this.#spares = spares;
    this.#loader = new AsideLoader(options, terminal);
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
      loads: this.#loads,
      reload: async (by) => await this.#reload(by),
      startupLogs: () => terminal.record,
      nodeName: () => daemon.plan.config.global.node ?? hostname(),
      environment: () => this.#environment,
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
    this.#runtime = runtime;
    if (options.masterWorker === 'notify')
      this.#manager = new ServiceManager(process.env, {
        pid: process.pid,
        now: monotonicMs,
        isHealthy: () => daemon.isHealthy,
      });
  }

  /** Resolves with the way to end when the process has stopped. */
  async live(signals: Signals): Promise<ProcessEnd> {
    const finished = new Promise<ProcessEnd>((resolve) => (this.#finish = resolve));
    signals.listen((signal) => this.#hear(signal));
    const started = await Promise.race([this.#daemon.apply(this.#config).catch(startFailure), finished]);
    if (typeof started === 'number') {
      return await this.#end(started);
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
      return await this.#end(1);
    }
    this.#replaceOlder();
    if (this.#options.masterWorker !== 'off') this.#terminal.say('notice', 'Loading success.');
    this.#loads.add({
      ok: true,
      generation: started.generation,
      atMs: Date.now(),
      durationMs: Date.now() - this.#startTimeMs,
      by: 'start',
      messages: this.#terminal.record,
    });
    this.#channel = new ControlChannel(
      process.pid,
      { reload: async () => await this.#reload('evenkeel reload'), status: () => this.#status() },
      (reason) => this.#terminal.say('warning', `'evenkeel reload' and 'status' are not heard (${reason})`),
    );
    this.#manager?.ready('Serving.');
    sayReady();
    void this.#spares?.dismiss();
    this.#isServing = true;
    this.#terminal.endRecord();
    for (const signal of this.#early.splice(0)) this.#hear(signal);
    return await this.#end(await finished);
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
        this.#manager?.stopping('Stopping.');
        this.#finish?.(this.#isServing && this.#isMaster ? MASTER_STATUS[signal] : signal);
        break;
      case 'SIGUSR1':
        if (!this.#softStopping) await this.#softStop();
        break;
      case 'SIGHUP':
        if (this.#isMaster) await this.#reload(signal);
        else this.#dump(serverStates(this.#runtime));
        break;
      case 'SIGUSR2':
        if (this.#isMaster) await this.#reload(signal);
        break;
      case 'SIGTTOU':
        this.#daemon.pause();
        if (this.#sockets.pause()) this.#terminal.say('warning', 'Paused frontend GLOBAL.');
        break;
      case 'SIGTTIN':
        this.#daemon.resume();
        this.#resumeSockets();
        break;
      case 'SIGQUIT':
        this.#terminal.write(await poolsText(this.#runtime));
        break;
      case 'SIGPIPE':
        break;
    }
  }

  #resumeSockets(): void {
    const errors = this.#sockets.resume();
    for (const error of errors ?? []) this.#terminal.say('alert', error);
    if (errors?.length === 0) this.#terminal.say('warning', 'Resumed frontend GLOBAL.');
  }

  /** `-W`, `-Ws` or `master-worker`: the signals of a master (management manual, section 4). */
  get #isMaster(): boolean {
    return this.#options.masterWorker !== 'off' || this.#config.global.masterWorker;
  }

  /** `grace`: connections are still taken for that long, so that who sends them here can learn to send them elsewhere. */
  async #softStop(): Promise<void> {
    this.#softStopping = true;
    this.#manager?.stopping('Connections are being finished.');
    const { graceMs } = this.#config.global;
    if (graceMs !== undefined && graceMs > 0) await pause(graceMs);
    this.#sockets.close();
    await this.#daemon.softStop();
    this.#finish?.(0);
  }

  #dump(lines: readonly string[]): void {
    for (const line of lines) this.#terminal.say('warning', line);
  }

  #status(): ChannelAnswer {
    return { ok: true, text: statusText(this.#runtime, this.#softStopping || this.#isEnding) };
  }

  /** A configuration that is not valid, or cannot be bound, leaves the one that serves untouched. `by`: what asked for it. */
  async #reload(by: string): Promise<ChannelAnswer> {
    const outcome = this.#reloading.then(async () => await this.#loadAnew(by));
    this.#reloading = outcome.catch(() => undefined);
    return await outcome;
  }

  async #loadAnew(by: string): Promise<ChannelAnswer> {
    if (this.#softStopping || this.#isEnding)
      return { ok: false, text: 'this process is stopping: nothing is loaded any more\n' };
    const [atMs, beganMs] = [Date.now(), monotonicMs()];
    this.#manager?.reloading();
    this.#terminal.beginRecord();
    // Whatever went wrong, the service manager hears of the end, and so does who asked.
    const generation = await this.#load().catch((error: unknown) => {
      this.#terminal.say('alert', `The new configuration was not applied (${reasonOf(error)}).`);
      return undefined;
    });
    this.#terminal.endRecord();
    const ok = generation !== undefined;
    const messages = this.#terminal.record;
    this.#loads.add({
      ok,
      generation: generation ?? this.#loads.lastSuccess?.generation ?? 0,
      atMs,
      durationMs: monotonicMs() - beganMs,
      by,
      messages,
    });
    this.#manager?.ready(ok ? 'Serving.' : 'Serving; the last reload failed and changed nothing.');
    return { ok, text: messages };
  }

  /** The generation that serves now; undefined where that is still the one before. */
  async #load(): Promise<number | undefined> {
    const loaded = await this.#loader.load(this.#privileges.became);
    // Reading a large file takes seconds.
    if (this.#isEnding) return undefined;
    if (this.#softStopping) {
      this.#terminal.say('alert', 'The new configuration was not applied: this process is stopping.');
      return undefined;
    }
    // No start would take it either. A file that is just being written is empty at first, and must not close everything.
    const isListening = loaded.ok && hasListener(loaded.config);
    if (loaded.ok && !isListening) this.#terminal.say('alert', `${NO_LISTENER}.`);
    const result = isListening ? await this.#daemon.apply(loaded.config) : undefined;
    this.#loader.tidy();
    if (loaded.ok && result?.ok === true) {
      this.#config = loaded.config;
      this.#environment = loaded.environment;
      if (loaded.config.global.quiet) this.#terminal.hush();
      this.#terminal.say('notice', `Loading success (generation ${result.generation}).`);
      return result.generation;
    }
    for (const error of result?.ok === false ? result.errors : []) this.#terminal.say('alert', error);
    this.#terminal.say('alert', 'The new configuration was not applied; the old one goes on serving.');
    return undefined;
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

  async #end(end: ProcessEnd): Promise<ProcessEnd> {
    this.#isEnding = true;
    this.#manager?.close();
    const loaderEnds = this.#loader.stop();
    this.#sockets.close();
    const haveThreadsEnded = await this.#daemon.stop();
    await loaderEnds;
    // Until here who asks is told that it stops.
    this.#channel?.close();
    this.#pidFile?.remove();
    if (!haveThreadsEnded && typeof end === 'number') exitAtOnce(end);
    return end;
  }
}

/** What the machine refuses at the start: a pid file that cannot be written, a user that cannot be changed to. */
function startFailure(error: unknown): { readonly ok: false; readonly errors: readonly string[] } {
  return { ok: false, errors: [reasonOf(error)] };
}
