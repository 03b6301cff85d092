/**
 * Real servers that checks of their protocol are tried on, each in a folder of its own on a port of its own: PostgreSQL,
 * OpenLDAP, Redis, an SMTP server and a TLS server. MariaDB has a file of its own.
 */

import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { accepts, until } from './daemon.ts';
import { Program, findProgram, run } from './programs.ts';

const START_LIMIT_MS = 30_000;

/** A server that a test stops, kills and starts again. */
export interface CheckServer {
  readonly port: number;
  /** Everything that it has logged or printed. */
  log(): string;
  signal(name: NodeJS.Signals): void;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

function serve(port: number, launch: () => Program, log: (program: Program) => string): CheckServer {
  let program: Program | undefined;
  return {
    port,
    log: () => (program === undefined ? '' : log(program)),
    signal: (name) => program?.signal(name),
    kill: async () => await program?.kill(),
    stop: async () => await program?.stop(),
    async start() {
      let words = '';
      program = launch();
      try {
        await until(
          `a server accepts on port ${port}`,
          async () => {
            if (program?.running === false) {
              // PostgreSQL does not start while processes of one that was killed are still leaving.
              words = program.output;
              program = launch();
            }
            return await accepts(port);
          },
          START_LIMIT_MS,
        );
      } catch (error) {
        await program.stop();
        throw new Error(words === '' ? program.output : words, { cause: error });
      }
    },
  };
}

/** Debian keeps the programs of PostgreSQL by version, outside of PATH. */
export function findPostgresql(name: string): string | undefined {
  const versions = '/usr/lib/postgresql';
  if (!existsSync(versions)) return findProgram(name);
  const newest = readdirSync(versions).toSorted((a, b) => Number(b) - Number(a));
  return newest.map((version) => join(versions, version, 'bin', name)).find((path) => existsSync(path));
}

/** PostgreSQL refuses to run as root: the user that its package brings runs it then. */
function asPostgres(command: string, args: readonly string[]): readonly [string, readonly string[]] {
  if (process.getuid?.() !== 0) return [command, args];
  return ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', command, ...args]];
}

/** User `check` may log in without a password; `locked` needs one. */
export async function preparePostgresql(folder: string, port: number): Promise<CheckServer> {
  const data = join(folder, 'data');
  mkdirSync(folder, { recursive: true });
  if (process.getuid?.() === 0) {
    // The folder above is this user's alone.
    chmodSync(dirname(folder), 0o711);
    const id = (flag: string): Promise<number> => run('id', [flag, 'postgres']).then(({ stdout }) => Number(stdout));
    chownSync(folder, await id('-u'), await id('-g'));
  }
  const initdb = ['--auth=trust', '--no-sync', '--locale=C', '--username=check', `--pgdata=${data}`];
  const made = await run(...asPostgres(findPostgresql('initdb') ?? 'initdb', initdb));
  if (made.status !== 0) throw new Error(`initdb: ${made.stdout.toString()}${made.stderr}`);
  writeFileSync(
    join(data, 'pg_hba.conf'),
    'host all check 127.0.0.1/32 trust\nhost all locked 127.0.0.1/32 scram-sha-256\nhost all refused 127.0.0.1/32 reject\n',
  );
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    fsync: 'off',
    shared_buffers: '8MB',
    log_connections: 'on',
  };
  const args = ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const [command, all] = asPostgres(findPostgresql('postgres') ?? 'postgres', args);
  return serve(
    port,
    () => new Program(command, all),
    (program) => program.output,
  );
}

export function prepareRedis(folder: string, port: number, password?: string): CheckServer {
  const args = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', '', '--appendonly', 'no'];
  return serve(
    port,
    () => new Program('redis-server', [...args, ...(password === undefined ? [] : ['--requirepass', password])]),
    (program) => program.output,
  );
}

/** An empty directory: anonymous binds are allowed, which is all that a check asks. */
export function prepareLdap(folder: string, port: number, isClosed = false): CheckServer {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'slapd.conf');
  writeFileSync(file, `${isClosed ? 'disallow bind_anon\n' : ''}database monitor\n`);
  return serve(
    port,
    () => new Program('slapd', ['-f', file, '-h', `ldap://127.0.0.1:${port}/`, '-d', 'stats']),
    (program) => program.output,
  );
}

export function prepareSmtp(port: number): CheckServer {
  return serve(
    port,
    () => new Program('aiosmtpd', ['-n', '-l', `127.0.0.1:${port}`, '-c', 'aiosmtpd.handlers.Sink', '-d']),
    (program) => program.output,
  );
}

export async function prepareTls(folder: string, port: number): Promise<CheckServer> {
  mkdirSync(folder, { recursive: true });
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const request = [
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    '/CN=test',
    '-days',
    '2',
  ];
  const made = await run('openssl', ['req', ...request, '-keyout', key, '-out', certificate]);
  if (made.status !== 0 || !readFileSync(key, 'latin1').includes('KEY')) throw new Error(`openssl req: ${made.stderr}`);
  const args = ['s_server', '-accept', `127.0.0.1:${port}`, '-key', key, '-cert', certificate, '-quiet', '-www'];
  return serve(
    port,
    () => new Program('openssl', args),
    (program) => program.output,
  );
}
