/**
 * The one way in which something is changed at run time: the change is carried out, kept with what the file says of it, since
 * when and by whom, and written to the journal. A configuration that is read anew is merged with what was changed (merge.ts).
 * Lives on the main thread for as long as the process, over all configurations.
 */

import { statSync } from 'node:fs';
import type { SavedState, SavedStates, WatchedServer } from '@evenkeel/checks';
import type { Config } from '@evenkeel/config';
import type { Plan } from '@evenkeel/proxy';
import { changeKey, objectText, serverObject, type ChangedObject, type Override } from './change.ts';
import { ConfigIndex } from './config-index.ts';
import { fileValue, put, valueFault, type LiveProcess } from './fields.ts';
import { JournalFile } from './journal-disk.ts';
import { journalPlace, type JournalPlace } from './journal-path.ts';
import { Journal } from './journal.ts';
import { merge, type EndedOverride, type FileValue } from './merge.ts';
import { mergeLines, refusalLines } from './merge-text.ts';
import { Overrides, differs, type Change, type Effect } from './overrides.ts';
import { PRESENCE, joinWords, lineOf, mergePresence, type ReadServer } from './presence.ts';

/** Where a journal may lie. */
export interface PersistOptions {
  /** Files and folders of the command line, from which the configuration is read. */
  readonly names: readonly string[];
  /** systemd's STATE_DIRECTORY. */
  readonly stateDirectory: string | undefined;
}

export interface ChangesOptions {
  readonly process: LiveProcess;
  /** Undefined: changes last as long as the process. */
  readonly persist: PersistOptions | undefined;
  readonly readServer: ReadServer;
  /** Epoch ms. */
  dateNow(): number;
  /** CLOCK_MONOTONIC in ms. */
  now(): number;
  report(level: 'notice' | 'warning', text: string): void;
  /** Serves `file` anew, because servers came or went with their overrides. */
  republish(file: Config): Promise<void>;
}

interface Merged {
  readonly config: Config;
  readonly kept: readonly Override[];
  readonly ended: readonly EndedOverride[];
  readonly added: ReadonlySet<string>;
}

/** A configuration that is about to serve, with what was changed. */
export interface PreparedConfig {
  /** What was read. */
  readonly file: Config;
  /** With servers that were added and without those that were removed: what is to be compiled. */
  readonly config: Config;
}

/** How long the end of the process waits for a disk. */
const CLOSE_LIMIT_MS = 1000;

export class RuntimeChanges {
  readonly #options: ChangesOptions;
  #overrides = new Overrides();
  #journal: Journal | undefined;
  #isOpened = false;
  /** What serves, as it was read. */
  #file: Config | undefined;
  #prepared: PreparedConfig | undefined;
  #fileIndex: ConfigIndex | undefined;
  #planIndex: ConfigIndex | undefined;

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  // ---------------------------------------------------------------------------------------------------------- for commands

  /**
   * Makes values count, at once and together, and keeps them: fields.ts says what objects and fields there are, and in which
   * words. Resolves when the changes would survive the end of the process, so that who asked is answered after that. Commands
   * look first whether the object exists and the value is sound.
   */
  async make(changes: readonly Change[]): Promise<void> {
    for (const { object, field, value } of changes) put(this.#options.process, this.#served(), object, field, value);
    await this.note(changes);
  }

  /** Keeps what was carried out elsewhere. */
  async note(changes: readonly Change[]): Promise<void> {
    await this.#keep(changes.flatMap((change) => this.#record(change) ?? []));
  }

  /** `add server` or `del server` was carried out; `words` are those behind the name, undefined where it was removed. */
  async noteServer(backend: string, server: string, words: readonly string[] | undefined, by: string): Promise<void> {
    const object = serverObject(backend, server);
    // Whatever else was changed of a server goes with it.
    const effects: Effect[] =
      words === undefined
        ? [...this.#overrides]
            .filter(({ object: one, field }) => objectText(one) === objectText(object) && field !== PRESENCE)
            .map((override) => this.#drop(override))
        : [];
    const value = words === undefined ? '' : joinWords(words);
    const effect = this.#record({ object, field: PRESENCE, value, by });
    await this.#keep(effect === undefined ? effects : [...effects, effect]);
  }

  /** What differs from the file now, in the order in which it came to. */
  list(): readonly Override[] {
    return [...this.#overrides].filter(differs);
  }

  /** The file's values count again, at once: of a field, of all fields of an object, or of everything. Returns what was given up. */
  async clear(object?: ChangedObject, field?: string): Promise<readonly Override[]> {
    const cleared = this.list().filter(
      (override) =>
        (object === undefined || objectText(override.object) === objectText(object)) &&
        (field === undefined || override.field === field),
    );
    const effects = cleared.map((override) => this.#drop(override));
    for (const { object: one, field: its } of cleared)
      if (its !== PRESENCE) put(this.#options.process, this.#served(), one, its, undefined);
    await this.#keep(effects);
    if (cleared.some((override) => override.field === PRESENCE) && this.#file !== undefined)
      await this.#options.republish(this.#file);
    return cleared;
  }

  /** Where changes are kept; undefined where they are not. */
  get path(): string | undefined {
    return this.#journal?.path;
  }

  // ------------------------------------------------------------------------------------------------------ for the daemon

  /** Before `file` is compiled. The first time it reads what an earlier process has kept. */
  async prepare(file: Config): Promise<PreparedConfig> {
    if (!this.#isOpened) {
      this.#isOpened = true;
      await this.#open(file);
    }
    this.#prepared = { file, config: file.global.persistRuntime.enabled ? this.#merge(file).config : file };
    return this.#prepared;
  }

  /** Before the first configuration serves: what was kept counts from the first connection on. */
  restore({ file }: PreparedConfig, plan: Plan): void {
    const live = { ...this.#options.process, plan: () => plan };
    const merged = this.#merge(file);
    if (merged.kept.length === 0) return;
    const index = new ConfigIndex(plan.config);
    for (const name of merged.added) {
      const found = index.server(name);
      const watched = found && live.health.server(plan.proxies[found.index].serverSlots[found.position]);
      watched?.waitInMaintenance();
      if (found?.server.disabled === false) watched?.administer('ready');
    }
    for (const { object, field, value } of merged.kept) put(live, index, object, field, value);
  }

  /**
   * The configuration serves: fields that it has edited have its values from now on. Returns what is to be said. Merges anew,
   * since something may have been changed while the configuration was prepared. `saved`: what state files say, which a process
   * that forgets takes over at each reload, as a new one would.
   */
  async commit({ file }: PreparedConfig, saved: SavedStates): Promise<readonly string[]> {
    const isFirst = this.#file === undefined;
    const isKept = file.global.persistRuntime.enabled;
    const { kept, ended } = isKept ? this.#merge(file) : this.#endAll();
    this.#file = file;
    const effects: Effect[] = [];
    for (const { override } of ended) {
      effects.push(this.#drop(override));
      // A process that only begins has the file's values.
      if (!isFirst) put(this.#options.process, this.#served(), override.object, override.field, undefined);
    }
    if (isFirst) {
      // Names are followed only once a configuration serves.
      for (const { object, field, value } of kept)
        if (field === 'fqdn') put(this.#options.process, this.#served(), object, field, value);
    } else if (!isKept) this.#forEachSaved(saved, (watched, state) => watched.administerAs(state));
    if (isFirst || !isKept) effects.push(...this.#recordStateFiles(saved));
    this.#warn(ended);
    await this.#follow(file);
    await this.#keep(effects);
    return mergeLines(kept, ended);
  }

  /** Before the process becomes another user. */
  async giveTo(file: Config, uid: number, gid: number): Promise<void> {
    const place = this.#placeOf(file);
    if (place === undefined || !file.global.persistRuntime.enabled) return;
    try {
      await new JournalFile(place.path, place.hasFolder).giveTo(uid, gid);
    } catch (error) {
      this.#options.report('warning', `${place.path} cannot be given to the user of the process (${String(error)}).`);
    }
  }

  /** The process is about to end, or takes no more commands: what is left is written. */
  async close(): Promise<void> {
    await this.#journal?.close(CLOSE_LIMIT_MS);
    this.#journal = undefined;
  }

  // ------------------------------------------------------------------------------------------------------------ merging

  #merge(file: Config): Merged {
    const all = [...this.#overrides];
    // A large configuration is not looked through for nothing.
    if (all.length === 0) return { config: file, kept: [], ended: [], added: new Set() };
    const isPresence = ({ object, field }: Override): boolean => field === PRESENCE && object.kind === 'server';
    const presence = mergePresence(file, all.filter(isPresence), this.#options.readServer);
    const index = new ConfigIndex(presence.config);
    const fields = merge(
      all.filter((override) => !isPresence(override)),
      (object, field) => fileValue(index, object, field),
      (object, field, value) => valueFault(index, object, field, value),
    );
    return {
      config: presence.config,
      kept: [...presence.kept, ...fields.kept],
      ended: [...presence.ended, ...fields.ended],
      added: presence.added,
    };
  }

  /** What was kept and cannot be is lost, which somebody has to see. */
  #warn(ended: readonly EndedOverride[]): void {
    for (const line of refusalLines(ended)) this.#options.report('warning', line);
  }

  #endAll(): Pick<Merged, 'kept' | 'ended'> {
    const ended = [...this.#overrides].map((override) => ({ override, ending: { why: 'off' } as const }));
    return { kept: [], ended };
  }

  /** What a state file has given servers is a change too, where no journal knew better. */
  #recordStateFiles(saved: SavedStates): Effect[] {
    const effects: Effect[] = [];
    this.#forEachSaved(saved, (watched) => {
      const object: ChangedObject = { kind: 'server', name: watched.name };
      const values = { weight: String(watched.weight), state: watched.administration };
      for (const [field, value] of Object.entries(values)) {
        if (this.#overrides.get(object, field) !== undefined || this.#fileValue(object, field) === value) continue;
        const effect = this.#record({ object, field, value, by: 'server-state-file' });
        if (effect !== undefined) effects.push(effect);
      }
    });
    return effects;
  }

  /** Servers that are known to a state file. */
  #forEachSaved(saved: SavedStates, visit: (watched: WatchedServer, state: SavedState) => void): void {
    const { process } = this.#options;
    const { config, proxies } = process.plan();
    for (const [index, proxy] of config.proxies.entries()) {
      if (proxy.kind === 'frontend' || proxy.disabled) continue;
      for (const [position, { name }] of proxy.servers.entries()) {
        const state = saved(proxy.name, name);
        const watched = process.health.server(proxies[index].serverSlots[position]);
        if (state !== undefined && watched !== undefined) visit(watched, state);
      }
    }
  }

  // ------------------------------------------------------------------------------------------------------------ keeping

  #record(change: Change): Effect | undefined {
    const { object, field } = change;
    const file = this.#fileValue(object, field);
    return this.#overrides.record(change, file, this.#options.dateNow(), this.#hasStateFile(object));
  }

  #drop(override: Override): Effect {
    this.#overrides.drop(override.object, override.field);
    return { type: 'drop', override };
  }

  async #keep(effects: readonly Effect[]): Promise<void> {
    if (effects.length > 0) await this.#journal?.keep(effects);
  }

  #fileValue(object: ChangedObject, field: string): string {
    const file = this.#fileNow();
    if (field === PRESENCE) return lineOf(file.config, object.name);
    const inFile = fileValue(file, object, field);
    // What the file does not have was added: its line says what the file would.
    const found: FileValue = inFile.type === 'gone' ? fileValue(this.#served(), object, field) : inFile;
    if (found.type === 'value') return found.value;
    throw new Error(`${changeKey(object, field).replace('\n', ' ')} cannot be changed`);
  }

  #hasStateFile({ kind, name }: ChangedObject): boolean {
    if (kind !== 'server') return false;
    const backend = this.#fileNow().proxy('backend', name.slice(0, name.indexOf('/')))?.proxy;
    return backend !== undefined && backend.loadServerState !== 'none';
  }

  /** The runtime socket answers from the moment on in which a configuration serves, a moment before commit() is told of it. */
  #fileNow(): ConfigIndex {
    const { config } = this.#options.process.plan();
    const file = this.#prepared?.config === config ? this.#prepared.file : this.#file;
    if (file === undefined) throw new Error('nothing can be changed before a configuration serves');
    return (this.#fileIndex = indexOf(file, this.#fileIndex));
  }

  #served(): ConfigIndex {
    return (this.#planIndex = indexOf(this.#options.process.plan().config, this.#planIndex));
  }

  // ------------------------------------------------------------------------------------------------------------ journals

  #placeOf(file: Config): JournalPlace | undefined {
    const { persist } = this.#options;
    if (persist === undefined) return undefined;
    return journalPlace(file, persist.names, persist.stateDirectory, isFolder);
  }

  async #open(file: Config): Promise<void> {
    const place = this.#placeOf(file);
    if (place === undefined || !file.global.persistRuntime.enabled) return;
    this.#journal = this.#journalAt(place);
    await this.#journal.open(place.isNamed, (overrides) => (this.#overrides = new Overrides(overrides)));
  }

  /** `persist-runtime` may have been edited. */
  async #follow(file: Config): Promise<void> {
    const place = this.#placeOf(file);
    if (place === undefined) return;
    if (!file.global.persistRuntime.enabled) {
      const journal = this.#journal ?? this.#journalAt(place);
      this.#journal = undefined;
      if (await journal.discard())
        this.#options.report('notice', `'no persist-runtime': what was kept in ${journal.path} is forgotten.`);
    } else if (this.#journal?.path !== place.path) {
      const before = this.#journal;
      await before?.close(CLOSE_LIMIT_MS);
      this.#journal = this.#journalAt(place);
      // What lies there is of another time.
      await this.#journal.open(place.isNamed, () => undefined);
      await this.#journal.rewrite();
      if (this.#journal.isWell) await before?.discard();
    }
  }

  #journalAt({ path, hasFolder }: JournalPlace): Journal {
    const { report, now } = this.#options;
    return new Journal({
      disk: new JournalFile(path, hasFolder),
      snapshot: () => this.#overrides,
      takeOver: (effects) => this.#takeOver(effects),
      report,
      now,
      later: (delayMs, step) => {
        const timer = setTimeout(step, delayMs);
        return () => clearTimeout(timer);
      },
    });
  }

  /** What another process changed before it let the journal go counts here too, unless the file was edited. */
  #takeOver(effects: readonly Effect[]): void {
    for (const { type, override } of effects) {
      const { object, field } = override;
      if (type === 'drop') this.#overrides.drop(object, field);
      else this.#overrides.put(override);
    }
    const file = this.#file;
    if (file === undefined) return;
    if (effects.some(({ override }) => override.field === PRESENCE)) {
      void this.#options.republish(file);
      return;
    }
    const merged = this.#merge(file);
    const kept = new Map(merged.kept.map((override) => [changeKey(override.object, override.field), override]));
    const refused = merged.ended.filter(({ ending }) => ending.why === 'refused');
    for (const { override } of refused) this.#drop(override);
    this.#warn(refused);
    for (const { override } of effects) {
      const { object, field } = override;
      put(this.#options.process, this.#served(), object, field, kept.get(changeKey(object, field))?.value);
    }
  }
}

function indexOf(config: Config, known: ConfigIndex | undefined): ConfigIndex {
  return known?.config === config ? known : new ConfigIndex(config);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
