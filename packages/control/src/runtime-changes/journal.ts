/**
 * Runtime changes on disk: each is appended as it is made, and from time to time the file is written anew with what is left
 * of them. A change is answered once its line is written, so that it survives kill -9, and at latest after a moment, so
 * that a disk which hangs keeps nobody waiting; the machine's memory follows by fdatasync behind it.
 *
 * Whatever the disk does, what was changed counts: it stays in memory, the fault is said, and everything is written anew when the
 * disk takes it again.
 *
 * Steps run one after another. Files, clock and timers are the caller's.
 */

import { reasonOf } from '@evenkeel/sys';
import { keyOf, type Override } from './change.ts';
import { decode, encodeAll, encodeEffects } from './journal-format.ts';
import type { JournalDisk } from './journal-disk.ts';
import { Overrides, type Effect } from './overrides.ts';

export interface JournalOptions {
  readonly disk: JournalDisk;
  /** Everything that is changed now: what the file is written anew with. */
  snapshot(): Overrides;
  /**
   * Another process wrote the file while this one ran, and has let it go (a new process that takes over from an older one):
   * what that one changed meanwhile.
   */
  takeOver(effects: readonly Effect[]): void;
  report(level: 'notice' | 'warning', text: string): void;
  /** Monotonic ms. */
  now(): number;
  /** Calls `step` in that many ms; what is returned takes it back. */
  later(delayMs: number, step: () => void): () => void;
}

/** A disk that does not take a line for this long does not keep who made the change from an answer. */
const ANSWER_LIMIT_MS = 1000;
/** Between two attempts where the disk refuses or another process has the file. */
const RETRY_MS = 5000;
const RETRY_LOCK_MS = 500;
/** Between two sentences about the same fault (DESIGN: "said once a minute"). */
const REPEAT_MS = 60_000;
/** Faults that somebody has to see while they last, because they pass: a disk that is full or ill. A folder that may not be written stays so. */
const PASSING: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EFBIG']);
/** Lines that say nothing any more, before the file is written anew: its size follows what is so, not what was. */
const SLACK_LINES = 1000;

export class Journal {
  readonly #options: JournalOptions;
  /** What the file held when it was read while another process had it. */
  #known = new Overrides();
  #lines = 0;
  /** The lock is ours. */
  #isOurs = false;
  /** What is in the file is known, and nobody else changes it. */
  #isRead = false;
  /** Nothing may be added to what is there: it is written anew. */
  #isUnfit = true;
  /** What was found is kept under another name before that. */
  #isKeptAside = false;
  /** Something that is so is not in the file. */
  #isDirty = false;
  /** Lines to append, where the file is fit for that. */
  #pending = '';
  #pendingLines = 0;
  #answers: (() => void)[] = [];
  #work: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;
  #isUnsynced = false;
  #syncing: Promise<void> | undefined;
  #isClosed = false;
  #fault: string | undefined;
  #saidAtMs = -Infinity;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  get path(): string {
    return this.#options.disk.path;
  }

  /** Nothing has kept the last change from being written. */
  get isWell(): boolean {
    return this.#fault === undefined;
  }

  /**
   * Gives `load` what an earlier process left, and says what is wrong with it. `isEager`: that nothing could be written is said
   * now, not when something is changed.
   */
  async open(isEager: boolean, load: (overrides: Overrides) => void): Promise<void> {
    const { disk, report } = this.#options;
    try {
      // Who waits for the file takes over what its holder changes until then.
      if (isEager || (await disk.exists())) this.#isDirty = !(await this.#lock());
      this.#known = await this.#read();
      this.#isRead = this.#isOurs;
    } catch (error) {
      report(
        'warning',
        `runtime changes of ${disk.path} cannot be read or kept (${reasonOf(error)}): name a place for them that this process may write by 'persist-runtime', or turn them off by 'no persist-runtime'.`,
      );
    }
    load(this.#known);
    // A tail that was cut off, or a damaged line, is taken away at once.
    if (this.#isDirty) this.#start();
    await this.#work;
  }

  /** Resolves when the changes would survive the end of the process, or when that cannot be waited for. */
  async keep(effects: readonly Effect[]): Promise<void> {
    if (this.#isClosed) return;
    this.#isDirty = true;
    // While the disk refuses, nothing is to be appended: everything is written anew later on.
    if (this.#cancelRetry !== undefined) return;
    if (effects.length > 0) this.#pending += encodeEffects(effects);
    this.#pendingLines++;
    if (this.#pendingLines > SLACK_LINES) this.#giveUpAppending();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#answers.push(resolve);
    const giveUp = this.#options.later(ANSWER_LIMIT_MS, resolve);
    this.#start();
    await promise;
    giveUp();
  }

  /** Everything that is so is written, in place of whatever the file holds. */
  async rewrite(): Promise<void> {
    this.#giveUpAppending();
    await this.keep([]);
  }

  /** Writes what is left, within `limitMs`, and lets the file go. */
  async close(limitMs: number): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#start();
    const { promise, resolve } = Promise.withResolvers<void>();
    const giveUp = this.#options.later(limitMs, resolve);
    await Promise.race([promise, Promise.resolve(this.#work).then(async () => await this.#syncing)]);
    giveUp();
    await this.#options.disk.close();
  }

  /** The file goes, where no other process has it. False: there was none, or it stays. */
  async discard(): Promise<boolean> {
    const { disk, report } = this.#options;
    let isGone = false;
    try {
      if ((await disk.exists()) && (await disk.lock()) === 'own') {
        await disk.remove();
        isGone = true;
      }
    } catch (error) {
      report(
        'warning',
        `${disk.path} cannot be removed (${reasonOf(error)}): what it holds counts again with 'persist-runtime'.`,
      );
    }
    await disk.close();
    return isGone;
  }

  // ------------------------------------------------------------------------------------------------------------ reading

  async #lock(): Promise<boolean> {
    if (this.#isOurs) return true;
    const { disk } = this.#options;
    const held = await disk.lock();
    if (held === 'own') return (this.#isOurs = true);
    const who = held.holder === undefined ? 'another process' : `process ${held.holder}`;
    this.#say(`${disk.path} is in use by ${who}: runtime changes stay in memory until that ends.`);
    return false;
  }

  async #read(): Promise<Overrides> {
    const { disk, report } = this.#options;
    const result = decode((await disk.read()) ?? '');
    this.#lines = 0;
    this.#isUnfit = true;
    switch (result.type) {
      case 'empty':
        return new Overrides();
      case 'other-version':
      case 'foreign': {
        const what =
          result.type === 'foreign' ? 'is no journal of runtime changes' : `is a journal of version ${result.version}`;
        report(
          'warning',
          `${disk.path} ${what}, which this program does not read: nothing of it counts. It is kept as ${disk.path}.${ASIDE} when something is changed.`,
        );
        this.#isKeptAside = true;
        return new Overrides();
      }
      case 'journal': {
        const { overrides, lines, tornBytes, damaged } = result;
        this.#lines = lines;
        this.#isUnfit = tornBytes > 0 || damaged > 0;
        // Who has the file may just be writing.
        if (!this.#isUnfit || !this.#isOurs) return overrides;
        this.#isDirty = true;
        this.#isKeptAside = damaged > 0;
        if (damaged > 0)
          report(
            'warning',
            `${damaged} of ${lines} lines of ${disk.path} are damaged and do not count; the others do. The file is kept as ${disk.path}.${ASIDE}.`,
          );
        if (tornBytes > 0)
          report(
            'notice',
            `the last line of ${disk.path} was cut off while it was written: its ${tornBytes} bytes do not count.`,
          );
        return overrides;
      }
    }
  }

  // ------------------------------------------------------------------------------------------------------------ writing

  #start(): void {
    if (this.#work !== undefined || this.#cancelRetry !== undefined) return;
    this.#work = this.#run().finally(() => {
      this.#work = undefined;
    });
  }

  async #run(): Promise<void> {
    try {
      while (this.#isDirty) {
        if (!(await this.#own())) return this.#again(RETRY_LOCK_MS);
        await this.#write();
      }
    } catch (error) {
      this.#giveUpAppending();
      this.#isDirty = true;
      this.#say(
        `runtime changes cannot be written to ${this.path} (${reasonOf(error)}): they stay in memory and are lost when the process ends.`,
        PASSING.has((error as NodeJS.ErrnoException).code ?? ''),
      );
      this.#again(RETRY_MS);
    }
  }

  #giveUpAppending(): void {
    this.#isUnfit = true;
    this.#pending = '';
    this.#pendingLines = 0;
  }

  /** Makes sure that nobody else writes, and hears what somebody else has written. */
  async #own(): Promise<boolean> {
    if (this.#isRead) return true;
    if (!(await this.#lock())) return false;
    const theirs = await this.#read();
    this.#isRead = true;
    const effects = difference(this.#known, theirs, this.#options.snapshot());
    this.#known = new Overrides();
    if (effects.length > 0) this.#options.takeOver(effects);
    // Lines to append are not all that is missing there.
    this.#isUnfit = true;
    return true;
  }

  async #write(): Promise<void> {
    const { disk, snapshot } = this.#options;
    const all = snapshot();
    const text = this.#pending;
    const lines = this.#pendingLines;
    const answers = this.#answers;
    this.#pending = '';
    this.#pendingLines = 0;
    this.#answers = [];
    this.#isDirty = false;
    try {
      if (this.#isUnfit || this.#lines + lines > all.size + SLACK_LINES) {
        if (this.#isKeptAside) await disk.keepAside(ASIDE);
        this.#isKeptAside = false;
        const { size } = all;
        await disk.replace(encodeAll(all));
        this.#lines = size;
        this.#isUnfit = false;
      } else {
        await disk.append(text);
        this.#lines += lines;
        this.#syncLater();
      }
    } finally {
      for (const answer of answers) answer();
    }
    this.#recover();
  }

  /** Behind the answers; changes that come meanwhile share the next one. */
  #syncLater(): void {
    this.#isUnsynced = true;
    this.#syncing ??= this.#sync().finally(() => {
      this.#syncing = undefined;
    });
  }

  async #sync(): Promise<void> {
    while (this.#isUnsynced) {
      this.#isUnsynced = false;
      try {
        await this.#options.disk.sync();
      } catch {
        // What the disk did not take is not taken by asking again: the whole file is, or says why not.
        this.#isUnfit = true;
        this.#isDirty = true;
        this.#start();
      }
    }
  }

  // ------------------------------------------------------------------------------------------------------------- faults

  /** Nobody waits for a file that cannot be written now. */
  #again(delayMs: number): void {
    for (const answer of this.#answers.splice(0)) answer();
    if (this.#isClosed) return;
    this.#cancelRetry = this.#options.later(delayMs, () => {
      this.#cancelRetry = undefined;
      this.#start();
    });
  }

  /** Once for each fault, or once a minute for as long as it lasts. */
  #say(text: string, isRepeated = false): void {
    const now = this.#options.now();
    if (this.#fault === text && !(isRepeated && now - this.#saidAtMs >= REPEAT_MS)) return;
    this.#fault = text;
    this.#saidAtMs = now;
    this.#options.report('warning', text);
  }

  #recover(): void {
    if (this.#fault === undefined) return;
    this.#fault = undefined;
    this.#options.report('notice', `runtime changes are written to ${this.path} again.`);
  }
}

/** What a file is kept as that could not be read, or not to the end. */
const ASIDE = 'unread';

/** What `theirs` changed since `base` and `ours` did not. */
function difference(base: Overrides, theirs: Overrides, ours: Overrides): Effect[] {
  const effects: Effect[] = [];
  for (const override of theirs) {
    const { object, field } = override;
    const before = base.get(object, field);
    if (isSame(before, override) || !isSame(before, ours.get(object, field))) continue;
    effects.push({ type: 'set', override });
  }
  for (const override of base) {
    const { object, field } = override;
    if (theirs.get(object, field) === undefined && isSame(override, ours.get(object, field)))
      effects.push({ type: 'drop', override });
  }
  return effects;
}

function isSame(one: Override | undefined, other: Override | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    keyOf(one) === keyOf(other) && one.value === other.value && one.file === other.file && one.sinceMs === other.sinceMs
  );
}
