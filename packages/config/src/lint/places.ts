/** Where the text says what the model holds: a setting stands in the proxy's own section or in a `defaults` section. */

import type { Config, Position, Proxy, SectionSource, Statement } from '../model.ts';

export class Places {
  readonly #global: readonly SectionSource[];
  /** The sections of proxies, by the place of their heads. */
  readonly #sections = new Map<string, SectionSource>();
  /** The `defaults` section that a section starts from. */
  readonly #bases = new Map<SectionSource, SectionSource>();

  constructor({ sources }: Config) {
    this.#global = sources.filter(({ kind }) => kind === 'global');
    const named = new Map<string, SectionSource>();
    let latest: SectionSource | undefined;
    for (const section of sources) {
      const isDefaults = section.kind === 'defaults';
      // Manual 4: without `from`, a proxy starts from the last `defaults` above it, and a `defaults` from nothing.
      const base = section.from === undefined ? (isDefaults ? undefined : latest) : named.get(section.from);
      if (base !== undefined) this.#bases.set(section, base);
      this.#sections.set(key(section.at), section);
      if (!isDefaults) continue;
      latest = section;
      if (section.name !== '') named.set(section.name, section);
    }
  }

  /** The line of the global section that begins with these words; the last one counts. */
  ofGlobal(...words: readonly string[]): Position | undefined {
    for (const section of this.#global.toReversed()) {
      const found = lastOf(section, words);
      if (found !== undefined) return found.at;
    }
    return undefined;
  }

  /** The line that begins with these words and holds for the proxy; its head where there is none. */
  of(proxy: Proxy, ...words: readonly string[]): { readonly at: Position; readonly keyword: string } {
    for (let section = this.#sections.get(key(proxy.at)); section !== undefined; section = this.#bases.get(section)) {
      const found = lastOf(section, words);
      if (found !== undefined) return { at: found.at, keyword: words[0] };
    }
    return { at: proxy.at, keyword: proxy.kind };
  }
}

function lastOf({ statements }: SectionSource, words: readonly string[]): Statement | undefined {
  return statements.findLast((statement) => words.every((word, index) => statement.words[index] === word));
}

function key({ file, line }: Position): string {
  return `${line} ${file}`;
}
