/**
 * Runs the layers of tests one after another and ends with a line for each: how many passed, failed and were skipped, and
 * how long it took. Exit status 1 when anything failed. Called by scripts/test.
 *
 * Where real programs, sockets and clocks meet, a busy machine can make a good test fail. In those layers a file or scenario
 * that failed is run once more, alone; what passes then is counted as passed and named in the summary, so that its cause is
 * looked for. What is broken fails twice.
 */

import { spawn, execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '..');
const node = process.execPath;
const bin = (name: string): string => join(root, 'node_modules/.bin', name);

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Those of the passed that failed first and passed when run again, by name. */
  readonly again?: readonly string[];
}

interface Layer {
  readonly name: string;
  /** A reason not to run it here, or undefined. */
  blocked?(): string | undefined;
  run(): Promise<Outcome>;
}

/** Runs a program with its output shown; resolves with its status and what it printed. */
async function show(
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<{ status: number; output: string }> {
  return await new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const take = (chunk: Buffer): void => {
      process.stdout.write(chunk);
      output += chunk.toString('latin1');
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', (error) => resolve({ status: 1, output: error.message }));
    child.once('close', (status) => resolve({ status: status ?? 1, output }));
  });
}

/** A tool that is one check: clean or not. */
function check(name: string, command: string, args: readonly string[]): Layer {
  return {
    name,
    async run() {
      // The tools of npm packages are Node programs or binaries behind a Node script: they run under the pinned Node too.
      const { status } = await show(node, [command, ...args]);
      return status === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
    },
  };
}

interface NodeTests {
  /** One file at a time, for tests that load the machine. */
  readonly serial?: boolean;
  readonly environment?: NodeJS.ProcessEnv;
  /** Failing files are run again. */
  readonly runsAgain?: boolean;
}

interface NodeOutcome extends Outcome {
  /** Names of failed tests by their file. */
  readonly failures: ReadonlyMap<string, readonly string[]>;
}

/** What hangs is said by its name, where it would else be the end of the whole run. Far above what any test takes. */
const TEST_LIMIT_MS = 600_000;

/** Runs files of node:test. */
async function runFiles(
  files: readonly string[],
  { serial = false, environment = {} }: NodeTests,
): Promise<NodeOutcome> {
  const { status, output } = await show(
    node,
    [
      '--test',
      `--test-timeout=${TEST_LIMIT_MS}`,
      '--test-reporter=dot',
      '--test-reporter-destination=stdout',
      '--test-reporter=./test/counts-reporter.ts',
      '--test-reporter-destination=stdout',
      ...(serial ? ['--test-concurrency=1'] : []),
      ...files,
    ],
    environment,
  );
  const counts = /counts: (\d+) passed, (\d+) failed, (\d+) skipped/.exec(output);
  const [passed, failed, skipped] = counts === null ? [0, 1, 0] : counts.slice(1).map(Number);
  const failures = new Map<string, string[]>();
  for (const [, name, file] of output.matchAll(/^failed: (.*) \((\/[^()]*)\)$/gm))
    failures.set(file, [...(failures.get(file) ?? []), name]);
  return { passed, failed: failed === 0 && status !== 0 ? 1 : failed, skipped, failures };
}

/** So many that fail do not do so by chance. */
const MOST_AGAIN = 8;

/** Runs each failing file once more, alone. */
async function runAgain({ failures, ...first }: NodeOutcome, options: NodeTests): Promise<Outcome> {
  let { failed, passed } = first;
  const again: string[] = [];
  if (failures.size > MOST_AGAIN) return first;
  for (const [file, names] of failures) {
    const path = relative(root, file);
    console.log(`\n-- again, alone: ${path}`);
    const second = await runFiles([file], { ...options, serial: true });
    if (second.failed > 0) continue;
    passed += names.length;
    failed -= names.length;
    again.push(...names.map((name) => `${name} (${path})`));
  }
  return { ...first, passed, failed, again };
}

/** Files of node:test, by pattern. */
function nodeTests(name: string, pattern: readonly string[], options: NodeTests = {}): Layer {
  return {
    name,
    async run() {
      const files = pattern.flatMap((each) => globSync(each, { cwd: root })).sort();
      if (files.length === 0) return { passed: 0, failed: 1, skipped: 0 };
      const outcome = await runFiles(files, options);
      return options.runsAgain === true ? await runAgain(outcome, options) : outcome;
    },
  };
}

function scenarios(threads: number): Layer {
  return {
    name: `vtc, nbthread ${threads}`,
    blocked: () => missing('varnishtest', 'varnish'),
    async run() {
      const { status, output } = await show(join(root, 'test/vtc/run'), ['-r', '-t', String(threads), '-j', '2']);
      const counts = /^vtc: (\d+) passed, (\d+) failed(?:, \d+ passed only when run again: (.*))?/m.exec(output);
      if (counts === null) return { passed: 0, failed: 1, skipped: 0 };
      const failed = Number(counts[2]);
      return {
        passed: Number(counts[1]),
        failed: failed === 0 && status !== 0 ? 1 : failed,
        skipped: 0,
        again: counts[3]?.split(' ') ?? [],
      };
    },
  };
}

function missing(program: string, debianPackage: string): string | undefined {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return undefined;
  } catch {
    return `${program} is missing; on Debian: apt-get install ${debianPackage}`;
  }
}

const LAYERS: readonly (readonly [string, Layer])[] = [
  ['types', check('types', bin('tsc'), ['--noEmit'])],
  ['lint', check('lint', bin('oxlint'), ['--type-aware'])],
  ['format', check('format', bin('oxfmt'), ['--check', 'packages', 'test', 'scripts'])],
  ['unit', nodeTests('unit', ['packages/*/src/**/*.test.ts'], { runsAgain: true })],
  ['golden', nodeTests('golden', ['test/golden/*.test.ts'])],
  [
    'desync',
    {
      ...nodeTests('desync, HAProxy', ['test/desync/*.test.ts'], {
        serial: true,
        environment: { HAPROXY_PROGRAM: 'haproxy' },
      }),
      blocked: () => missing('haproxy', 'haproxy'),
    },
  ],
  [
    'desync',
    nodeTests('desync, evenkeel', ['test/desync/run.test.ts'], {
      serial: true,
      environment: { HAPROXY_PROGRAM: join(root, 'scripts/evenkeel') },
    }),
  ],
  ['vtc', scenarios(1)],
  ['vtc', scenarios(2)],
  ['system', nodeTests('system', ['test/system/*.test.ts'], { serial: true, runsAgain: true })],
  ['soak', nodeTests('soak', ['test/soak/*.test.ts'], { serial: true })],
];

// What daemons under test keep does not outlive the tests.
const stateDirectory = mkdtempSync(join(tmpdir(), 'evenkeel-states-'));
process.env['STATE_DIRECTORY'] = stateDirectory;
process.on('exit', () => rmSync(stateDirectory, { recursive: true, force: true }));

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !LAYERS.some(([layer]) => layer === name));
if (unknown.length > 0) {
  console.error(
    `unknown layer ${unknown.join(', ')}; known: ${[...new Set(LAYERS.map(([layer]) => layer))].join(' ')}`,
  );
  process.exit(2);
}

const summary: string[] = [];
const total = { passed: 0, failed: 0, skipped: 0, again: 0 };
const chance = (count: number): string => (count === 0 ? '' : `, ${count} passed only when run again`);
for (const [key, layer] of LAYERS) {
  if (wanted.length > 0 && !wanted.includes(key)) continue;
  console.log(`\n== ${layer.name}`);
  const reason = layer.blocked?.();
  if (reason !== undefined) {
    console.log(`skipped: ${reason}`);
    summary.push(`${layer.name.padEnd(18)} skipped: ${reason}`);
    total.skipped++;
    continue;
  }
  const begin = performance.now();
  const { passed, failed, skipped, again = [] } = await layer.run();
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  summary.push(
    `${layer.name.padEnd(18)} ${passed} passed, ${failed} failed, ${skipped} skipped${chance(again.length)} in ${seconds} s`,
    ...again.map((name) => `  only when run again: ${name}`),
  );
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
  total.again += again.length;
}
console.log(
  `\n${summary.join('\n')}\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped${chance(total.again)}`,
);
process.exit(total.failed === 0 ? 0 : 1);
