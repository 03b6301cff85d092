/**
 * The overrides of a process: at most one for each field of each object. Knows neither disk nor configuration: what the file
 * says, the time and who asks are arguments. Pure.
 *
 * A field that was changed back to what the file says has no override any more; where a server-state file could bring an older
 * value back at the next start, its return is remembered as an override whose two values are the same.
 */

import { changeKey, keyOf, type ChangedObject, type Override } from './change.ts';

export interface Change {
  readonly object: ChangedObject;
  readonly field: string;
  readonly value: string;
  readonly by: string;
}

/** What a change did to the set; nothing where it says again what was so. */
export type Effect =
  | { readonly type: 'set'; readonly override: Override }
  | { readonly type: 'drop'; readonly override: Override };

export class Overrides {
  readonly #byKey = new Map<string, Override>();

  constructor(overrides: Iterable<Override> = []) {
    for (const override of overrides) this.put(override);
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** In the order in which they came to be. */
  [Symbol.iterator](): Iterator<Override> {
    return this.#byKey.values();
  }

  get(object: ChangedObject, field: string): Override | undefined {
    return this.#byKey.get(changeKey(object, field));
  }

  /** `file`: what the configuration that serves says. `remembersReturn`: see the head of the file. */
  record(
    { object, field, value, by }: Change,
    file: string,
    nowMs: number,
    remembersReturn = false,
  ): Effect | undefined {
    const key = changeKey(object, field);
    const before = this.#byKey.get(key);
    if (value === file && !remembersReturn) {
      if (before === undefined) return undefined;
      this.#byKey.delete(key);
      return { type: 'drop', override: before };
    }
    if (before?.value === value && before.file === file) return undefined;
    const override: Override = { object, field, file, value, sinceMs: nowMs, by };
    // The last one stands last.
    this.#byKey.delete(key);
    this.#byKey.set(key, override);
    return { type: 'set', override };
  }

  /** As a journal has it. */
  put(override: Override): void {
    this.#byKey.delete(keyOf(override));
    this.#byKey.set(keyOf(override), override);
  }

  drop(object: ChangedObject, field: string): Override | undefined {
    const key = changeKey(object, field);
    const override = this.#byKey.get(key);
    this.#byKey.delete(key);
    return override;
  }
}

/** Whether the value differs from the file's: a return that is only remembered does not. */
export const differs = ({ file, value }: Override): boolean => file !== value;
