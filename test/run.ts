/**
 * Runs the layers of tests one after another and ends with a line for each: how many passed, failed and were skipped, and
 * how long it took. Exit status 1 when anything failed. Called by scripts/test.
 */

import { spawn, execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const node = process.execPath;
const bin = (name: string): string => join(root, 'node_modules/.bin', name);

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
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

/** Files of node:test. `serial`: one file at a time, for tests that load the machine. */
function nodeTests(
  name: string,
  pattern: readonly string[],
  serial: boolean,
  environment: NodeJS.ProcessEnv = {},
): Layer {
  return {
    name,
    async run() {
      const files = pattern.flatMap((each) => globSync(each, { cwd: root })).sort();
      if (files.length === 0) return { passed: 0, failed: 1, skipped: 0 };
      const concurrency = serial ? ['--test-concurrency=1'] : [];
      const { status, output } = await show(
        node,
        [
          '--test',
          '--test-reporter=dot',
          '--test-reporter-destination=stdout',
          '--test-reporter=./test/counts-reporter.ts',
          '--test-reporter-destination=stdout',
          ...concurrency,
          ...files,
        ],
        environment,
      );
      const counts = /counts: (\d+) passed, (\d+) failed, (\d+) skipped/.exec(output);
      const [passed, failed, skipped] = counts === null ? [0, 1, 0] : counts.slice(1).map(Number);
      return { passed, failed: failed === 0 && status !== 0 ? 1 : failed, skipped };
    },
  };
}

function scenarios(threads: number): Layer {
  return {
    name: `vtc, nbthread ${threads}`,
    blocked: () => missing('varnishtest', 'varnish'),
    async run() {
      const { status, output } = await show(join(root, 'test/vtc/run'), ['-t', String(threads), '-j', '2']);
      const counts = /^vtc: (\d+) passed, (\d+) failed/m.exec(output);
      if (counts === null) return { passed: 0, failed: 1, skipped: 0 };
      const failed = Number(counts[2]);
      return { passed: Number(counts[1]), failed: failed === 0 && status !== 0 ? 1 : failed, skipped: 0 };
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
  ['unit', nodeTests('unit', ['packages/*/src/**/*.test.ts'], false)],
  ['golden', nodeTests('golden', ['test/golden/*.test.ts'], false)],
  [
    'desync',
    {
      ...nodeTests('desync, HAProxy', ['test/desync/*.test.ts'], true, { HAPROXY_PROGRAM: 'haproxy' }),
      blocked: () => missing('haproxy', 'haproxy'),
    },
  ],
  [
    'desync',
    nodeTests('desync, evenkeel', ['test/desync/run.test.ts'], true, {
      HAPROXY_PROGRAM: join(root, 'scripts/evenkeel'),
    }),
  ],
  ['vtc', scenarios(1)],
  ['vtc', scenarios(2)],
  ['system', nodeTests('system', ['test/system/*.test.ts'], true)],
  ['soak', nodeTests('soak', ['test/soak/*.test.ts'], true)],
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !LAYERS.some(([layer]) => layer === name));
if (unknown.length > 0) {
  console.error(
    `unknown layer ${unknown.join(', ')}; known: ${[...new Set(LAYERS.map(([layer]) => layer))].join(' ')}`,
  );
  process.exit(2);
}

const summary: string[] = [];
const total = { passed: 0, failed: 0, skipped: 0 };
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
  const { passed, failed, skipped } = await layer.run();
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  summary.push(`${layer.name.padEnd(18)} ${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds} s`);
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
}
console.log(`\n${summary.join('\n')}\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 ? 0 : 1);
