// Where a server is reached, where that is decided at run time: by a resolver or by an operator. Slots: `address*` of ServerShared
// in layout.ts.
//
// Writer: main only. Readers copy several words, so the writer makes `addressSequence` odd while it writes (a sequence lock);
// a reader that meets an odd or a moved number reads again. Main writes a handful of words and never waits while it does,
// so a reader spins for less than a microsecond.
import { ServerShared, kindWords } from './layout.ts';
import type { Segment } from './segment.ts';

/** The four words of an address: IPv4 in the last one. Unsigned, network order. */
export type AddressWords = readonly [number, number, number, number];

export interface RuntimeAddress {
  readonly family: 4 | 6;
  readonly words: AddressWords;
  /** Undefined: that of the configuration. 0 is one that nobody listens on, which an SRV record may name. */
  readonly port?: number | undefined;
  /** In its place: what is added to the port that the client connected to, -65535 to 65535. */
  readonly portOffset?: number;
}

/** `addressPort`: 0 = that of the configuration, 1 to 65,536 = a port plus one, around OFFSET_BASE = an offset plus that. */
const OFFSET_BASE = 1 << 20;

/** `addressFamily`: 0 while the configuration's own address holds. */
export class ServerAddress {
  readonly #ints: Int32Array;
  readonly #words: number;

  constructor(segment: Segment, slot: number) {
    const view = segment.object('server', slot);
    this.#ints = view.ints;
    this.#words = view.shared + kindWords('server');
  }

  /** Moves with every change: what a cached address is compared with. */
  version(): number {
    return Atomics.load(this.#ints, this.#words + ServerShared.addressSequence);
  }

  /** The address given at run time; undefined where the configuration's holds. */
  read(): RuntimeAddress | undefined {
    const ints = this.#ints;
    const words = this.#words;
    for (;;) {
      const before = this.version();
      const family = Atomics.load(ints, words + ServerShared.addressFamily);
      const port = Atomics.load(ints, words + ServerShared.addressPort);
      const address: AddressWords = [
        Atomics.load(ints, words + ServerShared.address0) >>> 0,
        Atomics.load(ints, words + ServerShared.address1) >>> 0,
        Atomics.load(ints, words + ServerShared.address2) >>> 0,
        Atomics.load(ints, words + ServerShared.address3) >>> 0,
      ];
      if ((before & 1) === 0 && this.version() === before)
        return family === 4 || family === 6 ? { family, words: address, ...portOf(port) } : undefined;
      Atomics.pause();
    }
  }

  /** Main only. Undefined: the configuration's own address holds again. Readers are told by the backend's version. */
  write(address: RuntimeAddress | undefined): void {
    const ints = this.#ints;
    const words = this.#words;
    Atomics.add(ints, words + ServerShared.addressSequence, 1);
    Atomics.store(ints, words + ServerShared.addressFamily, address?.family ?? 0);
    Atomics.store(ints, words + ServerShared.addressPort, address === undefined ? 0 : portWord(address));
    const [w0, w1, w2, w3] = address?.words ?? [0, 0, 0, 0];
    Atomics.store(ints, words + ServerShared.address0, w0);
    Atomics.store(ints, words + ServerShared.address1, w1);
    Atomics.store(ints, words + ServerShared.address2, w2);
    Atomics.store(ints, words + ServerShared.address3, w3);
    Atomics.add(ints, words + ServerShared.addressSequence, 1);
  }
}

function portWord({ port, portOffset }: RuntimeAddress): number {
  if (portOffset !== undefined) return OFFSET_BASE + portOffset;
  return port === undefined ? 0 : port + 1;
}

function portOf(word: number): Pick<RuntimeAddress, 'port' | 'portOffset'> {
  if (word === 0) return {};
  return word < OFFSET_BASE / 2 ? { port: word - 1 } : { portOffset: word - OFFSET_BASE };
}
