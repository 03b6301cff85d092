/**
 * What the process tells systemd (`-Ws`, sd_notify(3)): that it serves, that it reads its configuration anew, that it stops,
 * and, while it is healthy, that it lives. Where NOTIFY_SOCKET is not set it says nothing.
 */

import { notifyServiceManager } from '@evenkeel/sys';

/**
 * Times that the watchdog is fed within its period. systemd wants two; with four, a moment in which a thread is being replaced
 * does not end the process.
 */
const FEEDS_PER_PERIOD = 4;
const MIN_FEED_MS = 20;

export interface ServiceManagerOptions {
  readonly pid: number;
  /** CLOCK_MONOTONIC in ms. */
  now(): number;
  /** Whether everything that carries traffic turns its loop. The watchdog is not fed while it is false. */
  isHealthy(): boolean;
}

export class ServiceManager {
  readonly #options: ServiceManagerOptions;
  /** NOTIFY_SOCKET and WATCHDOG_USEC as they were at the start. */
  readonly #environment: Readonly<Record<string, string | undefined>>;
  #feed: NodeJS.Timeout | undefined;

  /** Takes the variables out of `environment`: programs that the daemon starts must not speak in its name. */
  constructor(environment: Record<string, string | undefined>, options: ServiceManagerOptions) {
    this.#options = options;
    this.#environment = { ...environment };
    for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete environment[name];
  }

  /** A configuration serves; `status` is what `systemctl status` shows. Begins to feed the watchdog. */
  ready(status: string): void {
    const { pid } = this.#options;
    this.#notify(`READY=1\nMAINPID=${pid}\nSTATUS=${oneLine(status)}`);
    const periodMs = this.#watchdogMs();
    if (this.#feed !== undefined || periodMs === undefined) return;
    const feed = (): void => {
      if (this.#options.isHealthy()) this.#notify('WATCHDOG=1');
    };
    this.#feed = setInterval(feed, Math.max(MIN_FEED_MS, periodMs / FEEDS_PER_PERIOD));
    this.#feed.unref();
  }

  /** systemd waits for the `ready` that follows. */
  reloading(): void {
    const microseconds = Math.round(this.#options.now() * 1000);
    this.#notify(`RELOADING=1\nMONOTONIC_USEC=${microseconds}\nSTATUS=Reading the configuration.`);
  }

  /** The watchdog goes on being fed: a soft stop may take long. */
  stopping(status: string): void {
    this.#notify(`STOPPING=1\nSTATUS=${oneLine(status)}`);
  }

  close(): void {
    clearInterval(this.#feed);
  }

  /** The period within which the manager wants to hear of this process; undefined where it does not watch it. */
  #watchdogMs(): number | undefined {
    const { WATCHDOG_USEC: microseconds, WATCHDOG_PID: pid } = this.#environment;
    if (microseconds === undefined || !/^[1-9]\d*$/.test(microseconds)) return undefined;
    if (pid !== undefined && pid !== '' && Number(pid) !== this.#options.pid) return undefined;
    return Number(microseconds) / 1000;
  }

  #notify(state: string): void {
    notifyServiceManager(state, this.#environment);
  }
}

/** A line feed would begin another assignment. */
function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ');
}
