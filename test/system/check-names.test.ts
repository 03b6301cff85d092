/** `-c` asks for host names as HAProxy's does: the same configurations pass, are warned of and are refused. */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVENKEEL } from '../support/daemon.ts';
import { TemporaryFolder, run } from '../support/programs.ts';

const program = process.env['HAPROXY_PROGRAM'] ?? EVENKEEL;

interface Trial {
  readonly name: string;
  readonly bind?: string;
  readonly lines: readonly string[];
  readonly options?: readonly string[];
  readonly status: 0 | 1;
  readonly says?: RegExp;
}

/** No name below `invalid` resolves (RFC 6761 section 6.4). */
const TRIALS: readonly Trial[] = [
  { name: 'a name that resolves', lines: ['server s localhost:80'], status: 0 },
  { name: 'no host at all', lines: ['server s :8001'], status: 0 },
  {
    name: 'one that does not',
    lines: ['server s nosuch.invalid:80'],
    status: 1,
    says: /ALERT.* : config : \[FILE:10\] : 'server b\/s' : could not resolve address 'nosuch\.invalid'\.[^]*Failed to initialize server\(s\) addr\./,
  },
  {
    name: 'every server of a template',
    lines: ['server-template s 2 nosuch.invalid:80'],
    status: 1,
    says: /'server b\/s1' : could not[^]*'server b\/s2' : could not/,
  },
  {
    name: 'also of a server that is disabled',
    lines: ['server s nosuch.invalid:80 disabled'],
    status: 1,
    says: /could not resolve/,
  },
  { name: 'not of a section that is disabled', lines: ['disabled', 'server s nosuch.invalid:80'], status: 0 },
  { name: 'init-addr none', lines: ['server s nosuch.invalid:80 init-addr none'], status: 0 },
  {
    name: 'init-addr libc,none',
    lines: ['server s nosuch.invalid:80 init-addr libc,none'],
    status: 0,
    says: /WARNING.*'server b\/s' : could not resolve address 'nosuch\.invalid', disabling server\./,
  },
  {
    name: 'init-addr libc,ADDRESS',
    lines: ['server s nosuch.invalid:80 init-addr libc,192.0.2.1'],
    status: 0,
    says: /WARNING.*could not resolve address 'nosuch\.invalid', falling back to configured address\./,
  },
  {
    name: 'init-addr last',
    lines: ['server s nosuch.invalid:80 init-addr last'],
    status: 1,
    says: /ALERT.*no method found to resolve address 'nosuch\.invalid'\./,
  },
  {
    name: '-dr',
    lines: ['server s nosuch.invalid:80'],
    options: ['-dr'],
    status: 0,
    says: /WARNING.*could not resolve address 'nosuch\.invalid', disabling server\./,
  },
  {
    name: '-dr with -dW',
    lines: ['server s nosuch.invalid:80'],
    options: ['-dr', '-dW'],
    status: 1,
    says: /zero-warning/,
  },
  {
    name: 'a name on a bind line',
    bind: 'nosuch.invalid:80',
    lines: [],
    status: 1,
    says: /ALERT.* : config : parsing \[FILE:7\] : 'bind' : invalid address: 'nosuch\.invalid' in 'nosuch\.invalid:80'/,
  },
  {
    name: 'a name behind addr',
    lines: ['server s 127.0.0.1:80 check addr nosuch.invalid'],
    status: 1,
    says: /ALERT.*\[FILE:10\] : 'server b\/s' : 'addr' : invalid address: 'nosuch\.invalid' in 'nosuch\.invalid'\./,
  },
  {
    name: 'a name behind agent-addr',
    lines: ['server s 127.0.0.1:80 agent-check agent-port 1 agent-addr nosuch.invalid'],
    status: 1,
    says: /ALERT.*\[FILE:10\] : 'server b\/s' : parsing agent-addr failed\. Check if 'nosuch\.invalid' is correct address/,
  },
  {
    name: 'a name of a log destination',
    lines: ['log nosuch.invalid:514 local0'],
    status: 1,
    says: /ALERT.*parsing \[FILE:10\] : log : invalid address: 'nosuch\.invalid' in 'nosuch\.invalid:514'/,
  },
  {
    name: 'names that resolve, everywhere',
    lines: ['log localhost:514 local0', 'server s localhost:80 check addr localhost'],
    status: 0,
  },
];

for (const { bind = '127.0.0.1:18080', lines, name, options = [], says, status } of TRIALS) {
  test(`-c: ${name}`, async () => {
    using folder = new TemporaryFolder();
    const file = join(folder.path, 'a.cfg');
    const text = `defaults
    mode http
    timeout connect 1s
    timeout client 1s
    timeout server 1s
frontend f
    bind ${bind}
    default_backend b
backend b
${lines.map((line) => `    ${line}\n`).join('')}`;
    writeFileSync(file, text);
    const outcome = await run(program, ['-c', ...options, '-f', file]);
    const said = outcome.stderr.replaceAll(file, 'FILE');
    assert.equal(outcome.status, status, said);
    if (says === undefined) assert.doesNotMatch(said, /ALERT|WARNING/);
    else assert.match(said, says);
    if (status === 0)
      assert.match(outcome.stdout.toString(), /^(Warnings were found\.\n)?Configuration file is valid$/m);
  });
}
