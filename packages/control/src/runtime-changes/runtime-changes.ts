/**
 * The one way in which something is changed at run time: the change is carried out, kept with what the file says of it, since
 * when and by whom, and written to the journal. Lives on the main thread for as long as the process, over all configurations.
 */

import type { Config } from '@evenkeel/config';
import { objectText, type ChangedObject, type Override } from './change.ts';
import { ConfigIndex } from './config-index.ts';
import { fileValue, put, type LiveProcess } from './fields.ts';
import { Overrides, differs, type Change, type Effect } from './overrides.ts';

export interface ChangesOptions {
  readonly process: LiveProcess;
  /** Epoch ms. */
  dateNow(): number;
  /** Writes what has changed; resolves when it outlives this process, or when it cannot be written. */
  keep(effects: readonly Effect[]): Promise<void>;
}

export class RuntimeChanges {
  readonly #options: ChangesOptions;
  readonly #overrides = new Overrides();
  #index: ConfigIndex | undefined;

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  /**
   * Makes values count, at once and together, and keeps them: fields.ts says what objects and fields there are, and in which
   * words. Resolves when the changes would survive the end of the process, so that who asked is answered after that. Commands
   * look first whether the object exists and the value is sound.
   */
  async make(changes: readonly Change[]): Promise<void> {
    for (const { object, field, value } of changes) put(this.#options.process, this.#current(), object, field, value);
    await this.note(changes);
  }

  /** Keeps what was carried out elsewhere. */
  async note(changes: readonly Change[]): Promise<void> {
    const effects: Effect[] = [];
    for (const change of changes) {
      const file = this.#fileValue(change.object, change.field);
      const effect = this.#overrides.record(change, file, this.#options.dateNow());
      if (effect !== undefined) effects.push(effect);
    }
    if (effects.length > 0) await this.#options.keep(effects);
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
    const effects: Effect[] = [];
    for (const override of cleared) {
      this.#overrides.drop(override.object, override.field);
      put(this.#options.process, this.#current(), override.object, override.field, undefined);
      effects.push({ type: 'drop', override });
    }
    if (effects.length > 0) await this.#options.keep(effects);
    return cleared;
  }

  #fileValue(object: ChangedObject, field: string): string {
    const found = fileValue(this.#current(), object, field);
    if (found.type === 'value') return found.value;
    throw new Error(`${objectText(object)} has no field '${field}' that could be changed`);
  }

  #current(): ConfigIndex {
    const { config } = this.#options.process.plan();
    return (this.#index = indexOf(config, this.#index));
  }
}

function indexOf(config: Config, known: ConfigIndex | undefined): ConfigIndex {
  return known?.config === config ? known : new ConfigIndex(config);
}
