/**
 * Every ring of the process by name: those of the sections, and `buf0`, which is always there. A ring outlives a reload that
 * keeps its section, with its events and connections; one whose section is gone takes nothing more.
 */

import type { Ring } from '@evenkeel/config';
import { NamedRing } from './named-ring.ts';

/** HAProxy's own ring: 1 MiB, lines with level and time. */
const BUF0: Ring = {
  name: 'buf0',
  at: { file: '', line: 0, column: 0 },
  description: 'in-memory ring buffer',
  format: 'timed',
  size: 1 << 20,
  maxlen: 1 << 20,
  backingFile: undefined,
  timeoutConnectMs: undefined,
  timeoutServerMs: undefined,
  servers: [],
};

/** What `show events` lists. */
export interface SinkDescription {
  readonly name: string;
  readonly type: 'buffer' | 'fd';
  /** Events dropped since their number was told last. */
  readonly dropped: number;
  readonly description: string;
}

/** Descriptors that HAProxy lists among the sinks; the word for the second is its own. */
const DESCRIPTOR_SINKS: readonly SinkDescription[] = [
  { name: 'stdout', type: 'fd', dropped: 0, description: 'standard output (fd#1)' },
  { name: 'stderr', type: 'fd', dropped: 0, description: 'standard output (fd#2)' },
];

export class RingSinks {
  /** In the order in which they are listed. `buf0` has its memory when it is wanted first. */
  #rings = new Map<string, NamedRing>();

  constructor(rings: readonly Ring[]) {
    this.configure(rings);
  }

  /** Takes over the rings of a configuration. */
  configure(rings: readonly Ring[]): void {
    const before = this.#rings;
    this.#rings = new Map();
    const built = before.get(BUF0.name);
    if (built !== undefined) this.#rings.set(BUF0.name, built);
    for (const settings of rings) {
      const known = before.get(settings.name);
      known?.configure(settings);
      this.#rings.set(settings.name, known ?? new NamedRing(settings));
    }
    for (const [name, ring] of before) if (!this.#rings.has(name)) ring.close();
  }

  get(name: string): NamedRing | undefined {
    const ring = this.#rings.get(name);
    if (ring !== undefined || name !== BUF0.name) return ring;
    const buf0 = new NamedRing(BUF0);
    this.#rings.set(BUF0.name, buf0);
    return buf0;
  }

  describe(): readonly SinkDescription[] {
    const rings = [...this.#rings.values()].filter(({ settings }) => settings !== BUF0);
    return [
      ...DESCRIPTOR_SINKS,
      {
        name: BUF0.name,
        type: 'buffer',
        dropped: this.#rings.get(BUF0.name)?.pendingDrops ?? 0,
        description: BUF0.description,
      },
      ...rings.map(({ pendingDrops, settings: { description, name } }): SinkDescription => {
        return { name, type: 'buffer', dropped: pendingDrops, description };
      }),
    ];
  }

  values(): IterableIterator<NamedRing> {
    return this.#rings.values();
  }
}
