/**
 * The declaration of a keyword: name, where it may stand, state, manual section, and the small parser that puts its meaning in
 * a draft. Tables of declarations live in `keywords/`, one file per group of the manual; `keywords/index.ts` registers
 * them. This file knows no keyword.
 *
 * States: `works` has its effect; `accepted` is understood and has no meaning here (one warning that says why); `refused`
 * is an error that names the alternative; `later` is not built yet: an error, or a warning where it is only cosmetic.
 */

import type { Cursor } from './cursor.ts';
import type { SectionKind } from './model.ts';

export type KeywordState = 'works' | 'accepted' | 'refused' | 'later';

/** State and documentation, shared by everything that is declared by name: keywords, actions, fetches, converters. */
export interface Declaration {
  /** As written: "maxconn", "timeout connect", "option httplog", "stats socket". */
  readonly name: string;
  readonly state: KeywordState;
  /** Section of the 2.6 configuration manual: "4.2", "5.1", "7.3.4". */
  readonly manual: string;
  /** For all states but `works`: why, and for `refused` what to write instead. One sentence, no full stop. */
  readonly reason?: string;
  /** Of `refused`: HAProxy's own sentence, where it refuses the word too, and how its line begins. */
  readonly message?: string;
  readonly messageForm?: 'parsing' | 'tight';
  /** What `later` and `accepted` say: `later` is an alert and `accepted` a warning unless set; `quiet` says nothing. */
  readonly severity?: 'alert' | 'warning' | 'quiet';
}

/** Where a keyword stands: a section, or the options of a `bind`, `server` or `stats socket` line. */
export type KeywordPlace = SectionKind | 'bind-option' | 'server-option';

export interface Keyword<Context> extends Declaration {
  /** Places where it may stand. In another kind of proxy it is ignored with HAProxy's warning, elsewhere it is unknown. */
  readonly places: readonly KeywordPlace[];
  /** `no NAME` and `default NAME` are understood; the parser finds which in `cursor.prefix`. */
  readonly negatable?: boolean;
  /** In a `defaults` section it may stand only where that has a name. */
  readonly namedDefaultsOnly?: boolean;
  /** In the wrong kind of proxy: HAProxy's warning, or for a few keywords an error. */
  readonly misplaced?: 'warning' | 'alert';
  /** Said where it is misplaced: the keyword that was probably meant. */
  readonly misplacedHint?: string;
  /** Reads the words after the name. Required for `works`; where present in another state it checks the arguments. */
  readonly parse?: (cursor: Cursor, context: Context) => void;
}

/** Finds declarations by their first one, two or three words, longest first. Built once per table. */
export class KeywordIndex<Entry extends { readonly name: string }> {
  private readonly byName = new Map<string, Entry>();
  /** First words that begin names of several words, with the most words that any such name has. */
  private readonly depths = new Map<string, number>();

  constructor(entries: Iterable<Entry>) {
    for (const entry of entries) {
      if (this.byName.has(entry.name)) throw new Error(`keyword '${entry.name}' is declared twice`);
      this.byName.set(entry.name, entry);
      const words = entry.name.split(' ');
      this.depths.set(words[0], Math.max(words.length, this.depths.get(words[0]) ?? 1));
    }
  }

  /** The longest name that the words from `index` on spell. */
  find(words: readonly string[], index = 0): Entry | undefined {
    const first = words[index];
    if (first === undefined) return undefined;
    for (let depth = this.depths.get(first) ?? 1; depth > 1; depth--) {
      if (index + depth > words.length) continue;
      const name = words.slice(index, index + depth).join(' ');
      // An argument in parentheses is part of the last word: `http-check set-var(check.port)`.
      const open = depth === 2 ? name.indexOf('(') : -1;
      const entry = this.byName.get(name) ?? (open < 0 ? undefined : this.byName.get(name.slice(0, open)));
      if (entry !== undefined) return entry;
    }
    return this.byName.get(first);
  }

  /** The words that continue `first` in names of several words; empty where there are none. */
  continuations(first: string): readonly string[] {
    if ((this.depths.get(first) ?? 1) < 2) return [];
    const start = `${first} `;
    const seconds = [...this.byName.keys()].filter((name) => name.startsWith(start)).map((name) => name.split(' ')[1]);
    return [...new Set(seconds)];
  }

  get(name: string): Entry | undefined {
    return this.byName.get(name);
  }

  /** First words of all names. */
  firstWords(): IterableIterator<string> {
    return this.depths.keys();
  }

  values(): IterableIterator<Entry> {
    return this.byName.values();
  }
}
