// When streams on what reloads removed are ended: the manual's `hard-stop-after` (3.1) over several reloads.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { memoryHost, parseConfig } from '@evenkeel/config';
import type { GoneSlots, Plan } from '@evenkeel/proxy';
import { DrainDeadlines } from './drain-deadlines.ts';

/** What `sections` describe: backends by name with their servers; slots are those of the names' first use. */
class Setup {
  readonly reports: string[] = [];
  /** Names that were ended, with the time. */
  readonly ended: string[] = [];
  readonly drains: DrainDeadlines;
  /** What streams are counted on. */
  readonly used = new Set<string>();
  nowMs = 0;
  hasOldPlans = true;
  readonly #context: TestContext;
  readonly #names: string[] = [];
  #plan: Plan;

  constructor(context: TestContext, hardStop: string, ...backends: string[]) {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    this.#context = context;
    this.#plan = this.#compile(1, hardStop, backends);
    this.drains = new DrainDeadlines({
      plan: () => this.#plan,
      hasOldPlans: () => this.hasOldPlans,
      isUsed: (gone) => this.#named(gone).some((name) => this.used.has(name)),
      end: async (gone) => {
        const ended = this.#named(gone).filter((name) => this.used.delete(name));
        this.ended.push(...ended.map((name) => `${name} at ${this.nowMs}`));
        return await Promise.resolve(ended.length);
      },
      report: (text) => this.reports.push(text),
    });
  }

  /** `hardStop`: the global line, or ''. A backend is written `b: s1 s2`; one that is disabled `!b: s1`. */
  reload(hardStop: string, ...backends: string[]): void {
    const before = this.#plan;
    this.#plan = this.#compile(before.generation + 1, hardStop, backends);
    this.drains.follow(before, this.#plan);
  }

  /** `add server` */
  change(...backends: string[]): void {
    this.#plan = this.#compile(this.#plan.generation, '', backends);
  }

  async pass(ms: number): Promise<void> {
    for (let step = 0; step < ms; step += 100) {
      this.nowMs += 100;
      this.#context.mock.timers.tick(100);
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    }
  }

  #slot(name: string): number {
    const known = this.#names.indexOf(name);
    return known < 0 ? this.#names.push(name) - 1 : known;
  }

  #named({ frontends, backends, servers }: GoneSlots): readonly string[] {
    return [...frontends, ...backends, ...servers].map((slot) => this.#names[slot]);
  }

  #compile(generation: number, hardStop: string, backends: readonly string[]): Plan {
    const read = backends.map((text) => /^(?<off>!?)(?<name>\w+):(?<servers>.*)$/.exec(text)!.groups!);
    const sections = read.map(
      ({ off, name, servers }) =>
        `backend ${name}\n${off === '' ? '' : '  disabled\n'}${servers
          .split(' ')
          .filter((each) => each !== '')
          .map((each) => `  server ${each} 127.0.0.1:1\n`)
          .join('')}`,
    );
    const text = `global\n  ${hardStop}\ndefaults\n  timeout connect 1s\n  timeout server 1s\n${sections.join('')}`;
    const { config, diagnostics } = parseConfig([{ name: 'test.cfg', text }], memoryHost());
    assert.ok(config !== undefined, diagnostics.map(({ message }) => message).join('\n'));
    return {
      generation,
      config,
      proxies: config.proxies.map(({ name, servers }) => ({
        balanceOffset: 0,
        frontendSlot: -1,
        backendSlot: this.#slot(name),
        serverSlots: servers.map((server) => this.#slot(`${name}/${server.name}`)),
        logSet: 0,
      })),
      listeners: [],
      limits: { maxconn: 1, maxconnrate: 0, maxsessrate: 0 },
    };
  }
}

test('a server that is gone ends by the deadline of the configuration that took it away', async (context) => {
  const setup = new Setup(context, 'hard-stop-after 1s', 'b: s1 s2');
  setup.used.add('b/s1').add('b/s2').add('b');
  setup.reload('hard-stop-after 2s', 'b: s2');
  await setup.pass(1900);
  assert.deepEqual(setup.ended, []);
  await setup.pass(100);
  assert.deepEqual(setup.ended, ['b/s1 at 2000']);
  assert.match(setup.reports.join('\n'), /^hard-stop-after: 1 .* generation 1 /);
  // A stream that had no server until then.
  setup.used.add('b/s1');
  await setup.pass(1000);
  assert.deepEqual(setup.ended, ['b/s1 at 2000', 'b/s1 at 3000']);
  assert.deepEqual([...setup.used], ['b/s2', 'b']);
});

test('a backend that is gone, or disabled, ends with its servers', async (context) => {
  const setup = new Setup(context, '', 'a: s', 'b: s', 'c: s');
  setup.used.add('a').add('a/s').add('b').add('b/s').add('c').add('c/s');
  setup.reload('hard-stop-after 1s', '!b: s', 'c: s');
  await setup.pass(1000);
  assert.deepEqual(setup.ended.toSorted(), ['a at 1000', 'a/s at 1000', 'b at 1000', 'b/s at 1000']);
});

test('a later reload neither moves a deadline nor forgets it', async (context) => {
  const setup = new Setup(context, '', 'b: s1 s2 s3');
  setup.used.add('b/s1').add('b/s2');
  setup.reload('hard-stop-after 2s', 'b: s2 s3');
  await setup.pass(1500);
  setup.reload('hard-stop-after 5s', 'b: s3');
  setup.reload('', 'b: s3');
  await setup.pass(10_000);
  assert.deepEqual(setup.ended, ['b/s1 at 2000', 'b/s2 at 6500']);
});

test('without hard-stop-after streams stay, until a later configuration has one', async (context) => {
  const setup = new Setup(context, 'hard-stop-after 1s', 'b: s1 s2');
  setup.used.add('b/s1');
  setup.reload('', 'b: s2');
  await setup.pass(5000);
  assert.deepEqual(setup.ended, []);
  setup.reload('hard-stop-after 1s', 'b: s2');
  await setup.pass(1000);
  assert.deepEqual(setup.ended, ['b/s1 at 6000']);
});

test('a server that comes back keeps its streams, and has the deadline of the reload that takes it away again', async (context) => {
  const setup = new Setup(context, '', 'b: s1 s2');
  setup.used.add('b/s1');
  setup.reload('hard-stop-after 2s', 'b: s2');
  await setup.pass(1000);
  setup.reload('hard-stop-after 2s', 'b: s1 s2');
  assert.equal(setup.drains.pending, 0);
  await setup.pass(5000);
  setup.reload('hard-stop-after 2s', 'b: s2');
  await setup.pass(2000);
  assert.deepEqual(setup.ended, ['b/s1 at 8000']);
});

test('a server that an operator adds again keeps its streams', async (context) => {
  const setup = new Setup(context, '', 'b: s1 s2');
  setup.used.add('b/s1');
  setup.reload('hard-stop-after 2s', 'b: s2');
  setup.change('b: s1 s2');
  // Taken away again before the first deadline: the second one counts.
  await setup.pass(1000);
  setup.reload('hard-stop-after 2s', 'b: s2');
  await setup.pass(3000);
  assert.deepEqual(setup.ended, ['b/s1 at 3000']);
});

test('nothing is kept once no stream is older, or when there was none', async (context) => {
  const setup = new Setup(context, '', 'b: s1 s2 s3');
  setup.used.add('b/s1');
  setup.reload('hard-stop-after 2s', 'b: s2 s3');
  setup.reload('hard-stop-after 2s', 'b: s3');
  assert.equal(setup.drains.pending, 2);
  setup.drains.generationUnused(1);
  assert.equal(setup.drains.pending, 1);
  await setup.pass(5000);
  assert.deepEqual(setup.ended, []);
  setup.drains.generationUnused(2);
  assert.equal(setup.drains.pending, 0);
  setup.hasOldPlans = false;
  setup.reload('hard-stop-after 2s', 'b:');
  assert.equal(setup.drains.pending, 0);
});
