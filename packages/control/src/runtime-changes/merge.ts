/**
 * The three-way merge of the last file, the new file and what was changed at run time: a field that the file has edited since
 * takes the file's value, one that it has not keeps the runtime value. Pure.
 *
 * | last file | new file | runtime | result                                  |
 * |-----------|----------|---------|-----------------------------------------|
 * | L         | L        | R       | R stays                                 |
 * | L         | N        | R       | N: the edit ends the override           |
 * | L         | R        | R       | R: the file says it now                 |
 * | L         | no such object | R | the override goes with its object       |
 * | L         | L, and R cannot be | R | L: the override ends                |
 */

import type { ChangedObject, Override } from './change.ts';

/** What a configuration says of a field. `unknown`: this version has no such field, a newer one may have written it. */
export type FileValue =
  | { readonly type: 'value'; readonly value: string }
  | { readonly type: 'gone' }
  | { readonly type: 'unknown' };

/** What is wrong with a runtime value in the new configuration; undefined where nothing is. */
export type FindFault = (object: ChangedObject, field: string, value: string) => string | undefined;

export type ReadFile = (object: ChangedObject, field: string) => FileValue;

export type Ending =
  /** The file says something else than before. */
  | { readonly why: 'edited'; readonly file: string }
  /** The file says now what was set at run time. */
  | { readonly why: 'adopted'; readonly file: string }
  /** The object is gone. */
  | { readonly why: 'gone' }
  /** It cannot be so in the new configuration. */
  | { readonly why: 'refused'; readonly reason: string }
  /** Changes are not to last (`no persist-runtime`). */
  | { readonly why: 'off' };

export interface EndedOverride {
  readonly override: Override;
  readonly ending: Ending;
}

export interface Merge {
  readonly kept: readonly Override[];
  readonly ended: readonly EndedOverride[];
  /** Of `kept`, those that this version cannot carry out. */
  readonly unknown: readonly Override[];
}

export function merge(overrides: Iterable<Override>, read: ReadFile, findFault: FindFault = () => undefined): Merge {
  const kept: Override[] = [];
  const ended: EndedOverride[] = [];
  const unknown: Override[] = [];
  for (const override of overrides) {
    const found = read(override.object, override.field);
    if (found.type === 'gone') ended.push({ override, ending: { why: 'gone' } });
    else if (found.type === 'unknown') {
      kept.push(override);
      unknown.push(override);
    } else if (found.value === override.file) {
      const reason = findFault(override.object, override.field, override.value);
      if (reason === undefined) kept.push(override);
      else ended.push({ override, ending: { why: 'refused', reason } });
    } else
      ended.push({
        override,
        ending: { why: found.value === override.value ? 'adopted' : 'edited', file: found.value },
      });
  }
  return { kept, ended, unknown };
}
