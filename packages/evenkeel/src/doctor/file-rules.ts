/** Files, folders and sockets that the configuration names: log sockets, pid file, paths of Unix sockets, programs. */

import { dirname } from 'node:path';
import type { Config } from '@evenkeel/config';
import type { Facts } from './facts.ts';
import { error, ok, warning, type Finding } from './finding.ts';
import { EXECUTE, READ, ROOT, WRITE, foldersAbove, may } from './permissions.ts';

/** Where ping(8) is looked for, which `option ping-check` starts. */
const PING_PATHS = ['/bin/ping', '/usr/bin/ping', '/sbin/ping', '/usr/sbin/ping'];

/** The files that the rules ask about; the folders above them are needed too. */
export function namedPaths(config: Config): readonly string[] {
  const files = [...config.files, ...socketPaths(config).map(({ path }) => path), ...logPaths(config)];
  const { pidfile } = config.global;
  if (pidfile !== undefined) files.push(pidfile);
  for (const { command } of programs(config)) files.push(command);
  if (usesPing(config)) files.push(...PING_PATHS);
  return files;
}

export function examineFiles(facts: Facts): readonly Finding[] {
  const { config } = facts;
  if (config === undefined) return [];
  return [
    ...logs(config, facts),
    ...reloads(config, facts),
    ...pidFile(config, facts),
    ...sockets(config, facts),
    ...checkPrograms(config, facts),
  ];
}

function logPaths({ global, proxies }: Config): readonly string[] {
  const targets = [...global.logs, ...proxies.flatMap(({ disabled, logs: own }) => (disabled ? [] : own))];
  return [...new Set(targets.flatMap(({ destination }) => (destination.kind === 'unix' ? [destination.path] : [])))];
}

function logs(config: Config, { files }: Facts): readonly Finding[] {
  return logPaths(config).flatMap((path) => {
    const file = files.get(path);
    if (file === undefined) return [];
    if (file.kind === 'socket') return [ok('logs', `${path} is a socket.`)];
    const what = file.kind === 'missing' ? `${path} does not exist.` : `${path} is no socket.`;
    return [
      warning(
        'logs',
        what,
        'log lines that go there are dropped, and counted',
        path === '/dev/log'
          ? 'systemctl start systemd-journald-dev-log.socket, or install rsyslog; in a container: log stdout format raw local0'
          : 'start who is to read it, or name another destination',
      ),
    ];
  });
}

/** A reload reads the files as the user whom the daemon became. */
function reloads({ files: names }: Config, { files, user }: Facts): readonly Finding[] {
  if (user === undefined || user.uid === 0) return [];
  const findings: Finding[] = [];
  for (const name of names) {
    const closed = foldersAbove(name).find((folder) => !may(files.get(folder), user, EXECUTE));
    const isReadable = may(files.get(name), user, READ);
    if (closed === undefined && isReadable) continue;
    findings.push(
      warning(
        'reload',
        closed === undefined ? `User ${user.name} may not read ${name}.` : `User ${user.name} may not enter ${closed}.`,
        "a reload reads the files as 'user' says, and fails",
        closed === undefined
          ? `chgrp ${user.gid} ${name} && chmod 640 ${name}`
          : `chgrp ${user.gid} ${closed} && chmod g+x ${closed}`,
      ),
    );
  }
  return findings.length > 0 ? findings : [ok('reload', `User ${user.name} may read the configuration.`)];
}

function pidFile({ global: { pidfile } }: Config, { files }: Facts): readonly Finding[] {
  if (pidfile === undefined) return [];
  const folder = dirname(pidfile);
  if (files.get(folder)?.kind === 'folder') return [ok('pidfile', `${folder} is there for the pid file.`)];
  return [
    error(
      'pidfile',
      `${folder}, which is to hold the pid file, is no folder.`,
      'the start ends with "Cannot write the pidfile"',
      `mkdir -p ${folder}, or RuntimeDirectory= in the unit of systemd`,
    ),
  ];
}

interface SocketPath {
  readonly path: string;
  readonly owner: string;
}

function socketPaths({ global, proxies }: Config): readonly SocketPath[] {
  const paths: SocketPath[] = [];
  for (const { address } of global.statsSockets)
    if (address.kind === 'unix') paths.push({ path: address.path, owner: "'stats socket'" });
  for (const { binds, disabled, kind, name } of proxies) {
    if (disabled) continue;
    for (const address of binds.flatMap((bind) => bind.addresses))
      if (address.kind === 'unix') paths.push({ path: address.path, owner: `${kind} ${name}` });
  }
  return paths;
}

function sockets(config: Config, { files, user }: Facts): readonly Finding[] {
  const folders = new Map<string, string>();
  for (const { owner, path } of socketPaths(config)) if (!folders.has(dirname(path))) folders.set(dirname(path), owner);
  return [...folders].flatMap(([folder, owner]) => {
    const file = files.get(folder);
    if (file === undefined) return [];
    if (file.kind !== 'folder') {
      return [
        error(
          'sockets',
          `${folder}, which is to hold a socket of ${owner}, is no folder.`,
          'the start ends with "No such file or directory"',
          `mkdir -p ${folder}, or RuntimeDirectory= in the unit of systemd`,
        ),
      ];
    }
    if (user === undefined || may(file, user, WRITE)) return [ok('sockets', `${folder} is there for sockets.`)];
    return [
      warning(
        'sockets',
        `User ${user.name} may not write to ${folder}, which holds a socket of ${owner}.`,
        'a reload that adds or changes a socket there fails; the start does not',
        `chgrp ${user.gid} ${folder} && chmod g+wx ${folder}`,
      ),
    ];
  });
}

function programs({ global, proxies }: Config): readonly { readonly command: string; readonly owner: string }[] {
  if (!global.externalCheck) return [];
  return proxies.flatMap(({ check, disabled, externalCheckCommand: command, kind, name }) =>
    !disabled && check.type === 'external' && command?.startsWith('/') === true
      ? [{ command, owner: `${kind} ${name}` }]
      : [],
  );
}

const usesPing = ({ proxies }: Config): boolean =>
  proxies.some(
    ({ check, disabled, servers }) => !disabled && check.type === 'ping' && servers.some((each) => each.check),
  );

function checkPrograms(config: Config, { files, user }: Facts): readonly Finding[] {
  const findings = programs(config).map(({ command, owner }) => {
    const file = files.get(command);
    if (file?.kind === 'file' && may(file, user ?? ROOT, EXECUTE)) return ok('programs', `${command} can be run.`);
    return error(
      'programs',
      `${command}, the check of ${owner}, ${file?.kind === 'file' ? 'may not be run' : 'is no file'}.`,
      'every check fails (PROCERR), and all servers are taken for down',
      file?.kind === 'file' ? `chmod +x ${command}` : "name the program by its whole path in 'external-check command'",
    );
  });
  if (usesPing(config) && !PING_PATHS.some((path) => files.get(path)?.kind === 'file')) {
    findings.push(
      error(
        'programs',
        'ping(8) is not installed.',
        "every 'option ping-check' fails, and its servers are taken for down",
        'apt-get install iputils-ping',
      ),
    );
  }
  return findings;
}
