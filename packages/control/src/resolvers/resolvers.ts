/**
 * Follows the names of servers while the daemon runs (manual section 5.3): asks for each name again and again, gives servers
 * their addresses, and takes those out of use whose name has none. Lives on the main thread, over all generations: a reload
 * keeps what is known of a name for as long as its servers and its `resolvers` section stay the same.
 *
 * Knows neither shared memory nor health: what happens to a server goes through `ServerControl`.
 */

import type { GivenAddress } from '@evenkeel/checks';
import type { Config, Resolvers as Section, Server } from '@evenkeel/config';
import { compileNetworks, parseIpAddress } from '@evenkeel/expr';
import type { Answer, AnswerFailure, ServiceRecord } from './answer.ts';
import { assignAddresses, assignServices, serverWeight, serviceKey, type AddressSeeker } from './assignment.ts';
import { NameServers } from './name-servers.ts';
import { Resolution, holdTimes } from './resolution.ts';

/** What may be done to a server, by its slot in shared memory. */
export interface ServerControl {
  /** New connections and checks go there from now on. */
  move(slot: number, address: GivenAddress): void;
  /** What its configuration says holds again: an address, or maintenance where it has none. */
  release(slot: number): void;
  /** It has no address: maintenance until restore(), with its reason in brackets. */
  suspend(slot: number, cause: string): void;
  restore(slot: number): void;
  /** 0 to 256. */
  weigh(slot: number, weight: number): void;
  /** A line for the logs of the server's backend; `shown` on the terminal too. */
  log(slot: number, text: string, shown: boolean): void;
}

/** A server whose name is to be followed. */
export interface NamedServer {
  readonly slot: number;
  readonly backendSlot: number;
  /** `backend/server` */
  readonly name: string;
  readonly config: Server;
  /** Its first address, numeric; undefined where it starts without. */
  readonly host: string | undefined;
}

const CAUSES: Readonly<Record<AnswerFailure, string>> = {
  nx: 'DNS NX status',
  refused: 'DNS refused status',
  timeout: 'DNS timeout status',
  other: 'unspecified DNS error',
};
/** `timeout resolve 0` may be written; asking without a pause would only keep the name server busy. */
const LEAST_INTERVAL_MS = 50;
const NO_ADDRESS = 'No IP for server ';
const NO_SERVICE = 'entry removed from SRV record';

/** A name that is asked for, for all servers that want the same of it. */
interface Lookup<Found> {
  readonly key: string;
  readonly resolution: Resolution<Found>;
  readonly followers: Set<Follower>;
  readonly ask: () => Promise<Answer<Found>>;
  readonly apply: (answer: Answer<Found>) => void;
  timer: NodeJS.Timeout | undefined;
  isAsking: boolean;
}

interface Follower {
  server: NamedServer;
  section: RunningSection;
  /** What it was last given. */
  address: string | undefined;
  service: ServiceRecord | undefined;
  isSuspended: boolean;
  prefers: ((address: string) => boolean) | undefined;
  services: Lookup<ServiceRecord> | undefined;
  addresses: Lookup<string> | undefined;
}

interface RunningSection {
  readonly config: Section;
  readonly key: string;
  readonly servers: NameServers;
  readonly lookups: Map<string, Lookup<string> | Lookup<ServiceRecord>>;
}

export class Resolvers {
  readonly #control: ServerControl;
  readonly #now: () => number;
  #sections = new Map<string, RunningSection>();
  readonly #followers = new Map<number, Follower>();
  /** By slot: the name of the configuration, and the one that is followed in its place. */
  readonly #renamed = new Map<number, { readonly from: string; readonly to: string }>();

  /** `now`: monotonic ms. */
  constructor(control: ServerControl, now: () => number) {
    this.#control = control;
    this.#now = now;
  }

  /** A generation was published with these servers: their names are followed from now on, and no others. */
  apply(config: Config, servers: readonly NamedServer[]): void {
    this.#applySections(config.resolvers);
    const wanted = new Set(servers.map(({ slot }) => slot));
    for (const [slot, follower] of this.#followers) if (!wanted.has(slot)) this.#release(slot, follower);
    for (const server of servers) this.#follow(server);
  }

  /** The address that a server of this configuration has from its name now; undefined where nothing is followed. */
  followedHost(slot: number, config: Server): { readonly host: string | undefined } | undefined {
    const follower = this.#followers.get(slot);
    if (follower === undefined) return undefined;
    const renamed = this.#renamed.get(slot);
    const { config: followed, host } = follower.server;
    const known = renamed === undefined ? followed : withHost(followed, renamed.from);
    return isSameName(known, config) ? { host } : undefined;
  }

  /** The name of a server as SRV records give it now, and its records' name (`srv_fqdn`, `srvrecord`). */
  nameOf(slot: number): { readonly host: string | undefined; readonly record: string | undefined } | undefined {
    const follower = this.#followers.get(slot);
    if (follower === undefined) return undefined;
    const host = hostOf(follower.server);
    return isServiceName(host) ? { host: follower.service?.target, record: host } : { host, record: undefined };
  }

  /**
   * `set server … fqdn`: another name is followed from now on, for as long as the configuration names the same one; undefined:
   * the configuration's own. Nothing happens to a server that follows no name.
   */
  rename(slot: number, name: string | undefined): void {
    const follower = this.#followers.get(slot);
    if (follower === undefined) return;
    const { server } = follower;
    const from = this.#renamed.get(slot)?.from ?? hostOf(server);
    if (name === undefined || name === from) this.#renamed.delete(slot);
    else this.#renamed.set(slot, { from, to: name });
    this.#follow({ ...server, config: withHost(server.config, from) });
  }

  /** A check of the server could not connect in time: perhaps it has moved, so its name is asked for at once. */
  hurry(slot: number): void {
    const follower = this.#followers.get(slot);
    if (follower?.addresses !== undefined) this.#start(follower.section, follower.addresses);
  }

  /** Sections with the figures of their name servers, for `show resolvers`. */
  figures(): readonly { readonly name: string; readonly servers: NameServers['figures'] }[] {
    return [...this.#sections.values()].map(({ config, servers }) => ({ name: config.name, servers: servers.figures }));
  }

  stop(): void {
    for (const section of this.#sections.values()) stopSection(section);
    this.#sections.clear();
    this.#followers.clear();
  }

  #applySections(sections: readonly Section[]): void {
    const next = new Map<string, RunningSection>();
    for (const config of sections) {
      const { at: _at, nameservers, ...settings } = config;
      const key = JSON.stringify([settings, nameservers.map(({ name, host, port }) => [name, host, port])]);
      const running = this.#sections.get(config.name);
      if (running?.key === key) next.set(config.name, running);
      else next.set(config.name, { config, key, servers: new NameServers(config), lookups: new Map() });
    }
    for (const [name, running] of this.#sections) if (next.get(name) !== running) stopSection(running);
    this.#sections = next;
  }

  #follow(configured: NamedServer): void {
    const renamed = this.#renamed.get(configured.slot);
    // A file that names another host than before has the last word.
    if (renamed !== undefined && renamed.from !== hostOf(configured)) this.#renamed.delete(configured.slot);
    const server =
      renamed?.from === hostOf(configured)
        ? { ...configured, config: withHost(configured.config, renamed.to) }
        : configured;
    const section = this.#sections.get(server.config.resolvers ?? '');
    if (section === undefined) throw new Error(`server ${server.name} names no resolvers section`);
    const known = this.#followers.get(server.slot);
    // With another first address, which `init-addr` gave anew, it begins anew.
    const isKept =
      known !== undefined && isSameName(known.server.config, server.config) && known.server.host === server.host;
    if (isKept) this.#reweigh(known, server);
    if (isKept && known.section === section) {
      known.server = server;
      known.prefers = preference(server.config.resolveNets);
      return;
    }
    if (known !== undefined) this.#unsubscribe(known);
    if (known !== undefined && !isKept) this.#control.release(server.slot);
    const follower: Follower = {
      server,
      section,
      // Other name servers may say the same: what a server has stays until they say otherwise.
      address: isKept ? known.address : server.host,
      service: isKept ? known.service : undefined,
      isSuspended: isKept ? known.isSuspended : server.host === undefined,
      prefers: preference(server.config.resolveNets),
      services: undefined,
      addresses: undefined,
    };
    this.#followers.set(server.slot, follower);
    const host = hostOf(server);
    if (!isServiceName(host)) this.#subscribeAddresses(follower, host);
    else {
      this.#subscribeServices(follower, host);
      if (follower.service !== undefined) this.#subscribeAddresses(follower, follower.service.target);
    }
  }

  /** A configuration that says something else of the weight has it taken over, where it is its record's that counts. */
  #reweigh({ server: { config: before }, service }: Follower, { slot, config }: NamedServer): void {
    if (service === undefined || config.ignoreDnsWeight) return;
    if (config.weight !== before.weight || before.ignoreDnsWeight) this.#control.weigh(slot, serverWeight(service));
  }

  /** Its configuration names no resolvers any more, or it is gone. */
  #release(slot: number, follower: Follower): void {
    this.#unsubscribe(follower);
    this.#followers.delete(slot);
    this.#renamed.delete(slot);
    this.#control.release(slot);
  }

  // -------------------------------------------------------------------------------------------------------- lookups

  #subscribeAddresses(follower: Follower, host: string): void {
    const { section } = follower;
    const prefer = follower.server.config.resolvePrefer;
    const key = `address ${prefer} ${host}`;
    const lookup =
      (section.lookups.get(key) as Lookup<string> | undefined) ??
      this.#createLookup<string>(
        section,
        key,
        (address) => address,
        async () => await section.servers.addresses(host, prefer),
        (answer, self) => this.#applyAddresses(self, section, answer),
      );
    follower.addresses = lookup;
    lookup.followers.add(follower);
    this.#start(section, lookup);
  }

  #subscribeServices(follower: Follower, name: string): void {
    const { section } = follower;
    const key = `service ${name}`;
    const lookup =
      (section.lookups.get(key) as Lookup<ServiceRecord> | undefined) ??
      this.#createLookup<ServiceRecord>(
        section,
        key,
        serviceKey,
        async () => await section.servers.services(name),
        (answer, self) => this.#applyServices(self, answer),
      );
    follower.services = lookup;
    lookup.followers.add(follower);
    this.#start(section, lookup);
  }

  #createLookup<Found>(
    section: RunningSection,
    key: string,
    keyOf: (record: Found) => string,
    ask: () => Promise<Answer<Found>>,
    apply: (answer: Answer<Found>, lookup: Lookup<Found>) => void,
  ): Lookup<Found> {
    const lookup: Lookup<Found> = {
      key,
      resolution: new Resolution<Found>(holdTimes(section.config), keyOf, this.#now()),
      followers: new Set(),
      ask,
      apply: (answer) => apply(answer, lookup),
      timer: undefined,
      isAsking: false,
    };
    section.lookups.set(key, lookup as unknown as Lookup<string>);
    return lookup;
  }

  /** Asks once all servers that share the name have joined. */
  #start<Found>(section: RunningSection, lookup: Lookup<Found>): void {
    if (lookup.isAsking) return;
    clearTimeout(lookup.timer);
    lookup.timer = setTimeout(() => this.#run(section, lookup), 0);
  }

  #run<Found>(section: RunningSection, lookup: Lookup<Found>): void {
    lookup.isAsking = true;
    void lookup.ask().then((answer) => {
      lookup.isAsking = false;
      // A section that was replaced, or a name that nobody follows any more, has nothing to say.
      if (section.lookups.get(lookup.key) !== (lookup as unknown)) return;
      lookup.resolution.handle(this.#now(), answer);
      lookup.apply(answer);
      const delayMs = Math.max(LEAST_INTERVAL_MS, section.config.timeoutResolveMs);
      lookup.timer = setTimeout(() => this.#run(section, lookup), delayMs);
    });
  }

  #unsubscribe(follower: Follower): void {
    for (const lookup of [follower.addresses, follower.services]) this.#leave(follower, lookup);
    follower.addresses = undefined;
    follower.services = undefined;
  }

  #leave(follower: Follower, lookup: Lookup<string> | Lookup<ServiceRecord> | undefined): void {
    if (lookup === undefined) return;
    lookup.followers.delete(follower);
    if (lookup.followers.size > 0) return;
    clearTimeout(lookup.timer);
    follower.section.lookups.delete(lookup.key);
  }

  // -------------------------------------------------------------------------------------------------------- answers

  #applyAddresses(lookup: Lookup<string>, section: RunningSection, answer: Answer<string>): void {
    const { resolution } = lookup;
    const failure = resolution.failure(this.#now());
    if (failure !== undefined) {
      for (const follower of lookup.followers) this.#suspend(follower, CAUSES[failure]);
      resolution.forget();
    }
    if (answer.status !== 'valid') return;
    let by = `${section.config.name}/${answer.from}`;
    for (const group of groups(lookup.followers)) {
      const addresses = assignAddresses(group.map(seekerOf), resolution.records());
      for (const [index, follower] of group.entries()) {
        const address = addresses[index];
        if (address === undefined) this.#suspend(follower, NO_ADDRESS);
        else if (address !== follower.address || follower.isSuspended) {
          this.#give(follower, address, by);
          by = 'DNS cache';
        }
      }
    }
  }

  #give(follower: Follower, address: string, by: string): void {
    const { slot, name } = follower.server;
    if (address !== follower.address) {
      const before = follower.address ?? '(none)';
      this.#control.log(slot, `${name} changed its IP from ${before} to ${address} by ${by}.`, true);
    }
    follower.address = address;
    const { service } = follower;
    this.#control.move(slot, { host: address, port: service?.port, name: service?.target });
    if (!follower.isSuspended) return;
    follower.isSuspended = false;
    this.#control.restore(slot);
    this.#control.log(slot, `Server ${name} administratively READY thanks to valid DNS answer.`, true);
  }

  #suspend(follower: Follower, cause: string): void {
    follower.address = undefined;
    if (follower.isSuspended) return;
    follower.isSuspended = true;
    this.#control.suspend(follower.server.slot, cause);
  }

  #applyServices(lookup: Lookup<ServiceRecord>, answer: Answer<ServiceRecord>): void {
    const { resolution } = lookup;
    if (resolution.failure(this.#now()) !== undefined) resolution.forget();
    else if (answer.status !== 'valid') return;
    const records = resolution.records();
    const byBackend = Map.groupBy(lookup.followers, ({ server }) => server.backendSlot);
    for (const group of byBackend.values()) {
      const services = assignServices(
        group.map(({ service }) => service),
        records,
      );
      for (const [index, follower] of group.entries()) this.#serve(follower, services[index]);
    }
  }

  #serve(follower: Follower, service: ServiceRecord | undefined): void {
    const { slot, name, config } = follower.server;
    const before = follower.service;
    follower.service = service;
    if (service === undefined) {
      this.#leave(follower, follower.addresses);
      follower.addresses = undefined;
      this.#suspend(follower, NO_SERVICE);
      return;
    }
    if (service.weight !== before?.weight && !config.ignoreDnsWeight) this.#control.weigh(slot, serverWeight(service));
    if (before !== undefined && serviceKey(before) === serviceKey(service)) return;
    const from = before?.target ?? '(null)';
    this.#control.log(slot, `${name} changed its FQDN from ${from} to ${service.target} by 'SRV record'`, false);
    this.#leave(follower, follower.addresses);
    follower.address = undefined;
    this.#subscribeAddresses(follower, service.target);
  }
}

function stopSection({ servers, lookups }: RunningSection): void {
  for (const { timer } of lookups.values()) clearTimeout(timer);
  lookups.clear();
  servers.cancel();
}

/** Servers that may share no address: those of one backend and port. */
function groups(followers: ReadonlySet<Follower>): Iterable<Follower[]> {
  return Map.groupBy(
    followers,
    ({ server, service }) => `${server.backendSlot} ${service?.port ?? portOf(server)}`,
  ).values();
}

const seekerOf = ({ address, prefers, server }: Follower): AddressSeeker => ({
  current: address,
  prefers,
  allowDuplicate: server.config.allowDupIp,
});

function preference(networks: readonly string[]): ((address: string) => boolean) | undefined {
  if (networks.length === 0) return undefined;
  const contains = compileNetworks(networks);
  return (text) => {
    const address = parseIpAddress(text);
    return address !== undefined && contains(address);
  };
}

function withHost(config: Server, host: string): Server {
  return config.address.kind === 'inet' ? { ...config, address: { ...config.address, host } } : config;
}

function hostOf({ config }: NamedServer): string {
  return config.address.kind === 'inet' ? config.address.host : '';
}

function portOf({ config }: NamedServer): number {
  return config.address.kind === 'inet' ? (config.address.port?.first ?? 0) : 0;
}

/** Manual 5.3.1: "anything that starts with an underscore" is a SRV label. */
export const isServiceName = (host: string): boolean => host.startsWith('_');

/** Both follow one name in one way. */
function isSameName(a: Server, b: Server): boolean {
  return (
    a.resolvers === b.resolvers &&
    a.resolvePrefer === b.resolvePrefer &&
    JSON.stringify(a.address) === JSON.stringify(b.address)
  );
}
