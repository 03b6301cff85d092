// For this package's tests: runs a piece of a program in a child process, optionally as another user or inside a network
// namespace that ends with the child.
import { spawn, spawnSync } from 'node:child_process';

export const asRoot = process.getuid?.() === 0;
/** The conventional id of nobody; a user entry is not needed. */
export const NOBODY = 65534;

const indexUrl = new URL('./index.ts', import.meta.url).href;

export interface ChildOptions {
  readonly uid?: number;
  /** In a network namespace of its own with `lo` up; needs root. */
  readonly isolated?: boolean;
  /** Shell commands in that namespace before the program starts. */
  readonly prepare?: string;
  readonly nodeArguments?: readonly string[];
}

/** Runs `body` (a module's text that has `sys` and writes one JSON value by `answer(...)`) and gives that value. */
export async function inChild<Answer = unknown>(body: string, options: ChildOptions = {}): Promise<Answer> {
  const program = `import * as sys from ${JSON.stringify(indexUrl)}
const answer = (value) => process.stdout.write(JSON.stringify(value) + '\\n')
${body}`;
  const node = [process.execPath, ...(options.nodeArguments ?? []), '--input-type=module', '--eval', program];
  const shell = `ip link set lo up && ${options.prepare ?? 'true'} && exec "$@"`;
  const [command, ...rest] = options.isolated === true ? ['unshare', '-n', 'sh', '-c', shell, 'sh', ...node] : node;
  const child = spawn(command, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`child ended with ${code}: ${Buffer.concat(err).toString()}`);
  return JSON.parse(Buffer.concat(out).toString().trim().split('\n').at(-1)!) as Answer;
}

/** Why a test that runs as nobody cannot run here, or false. */
export const noNobody: string | false = !asRoot
  ? 'needs root to change users'
  : spawnSync(process.execPath, ['--input-type=module', '--eval', `await import(${JSON.stringify(indexUrl)})`], {
        uid: NOBODY,
        gid: NOBODY,
      }).status === 0
    ? false
    : 'the checkout is not readable for nobody';

const present = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** Why a test cannot run without one of these programs, or false. */
export function missing(...programs: readonly string[]): string | false {
  const absent = programs.filter((program) => !present(program));
  return absent.length === 0 ? false : `needs ${absent.join(' and ')}`;
}

export const notRoot: string | false = asRoot ? false : 'needs root';
