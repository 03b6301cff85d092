/**
 * What is compared: each scenario is one configuration, given word for word to every proxy, and one load. All of them use
 * one proxy thread and one nginx backend.
 */

export interface Scenario {
  readonly name: string;
  /** The most that evenkeel's CPU per unit may be of HAProxy's; undefined where no figure was set. */
  readonly goal: number | undefined;
  readonly mode: 'http' | 'tcp';
  /** Extra lines of the listen section. */
  readonly lines: readonly string[];
  readonly load: {
    readonly path: string;
    readonly connections: number;
    readonly headers: readonly string[];
  };
  /** What one wrk "request" is here. */
  readonly unit: 'request' | 'connection' | 'transfer';
}

const KEEP_ALIVE = { path: '/small', connections: 64, headers: [] } as const;
const CLIENT_CLOSE = { path: '/small', connections: 64, headers: ['Connection: close'] } as const;
const LARGE = { path: '/large', connections: 8, headers: [] } as const;

/** `option forwardfor`, one ACL and two header rules: what nearly every real HTTP frontend has at least. */
const RULES = [
  'option forwardfor',
  'acl is_small path_beg /small',
  'http-request set-header X-Forwarded-Proto http if is_small',
  'http-response set-header X-Served-By bench',
] as const;

export const SCENARIOS: readonly Scenario[] = [
  { name: 'http keep-alive', goal: 1.3, mode: 'http', lines: [], load: KEEP_ALIVE, unit: 'request' },
  { name: 'http client close', goal: 1.5, mode: 'http', lines: [], load: CLIENT_CLOSE, unit: 'connection' },
  { name: 'http keep-alive, rules', goal: undefined, mode: 'http', lines: RULES, load: KEEP_ALIVE, unit: 'request' },
  {
    name: 'http client close, rules',
    goal: undefined,
    mode: 'http',
    lines: RULES,
    load: CLIENT_CLOSE,
    unit: 'connection',
  },
  { name: 'tcp keep-alive', goal: 1.3, mode: 'tcp', lines: [], load: KEEP_ALIVE, unit: 'request' },
  { name: 'tcp connection rate', goal: 1.7, mode: 'tcp', lines: [], load: CLIENT_CLOSE, unit: 'connection' },
  { name: 'http 10 MiB bodies', goal: 1.25, mode: 'http', lines: [], load: LARGE, unit: 'transfer' },
  { name: 'tcp 10 MiB bodies', goal: 1.25, mode: 'tcp', lines: [], load: LARGE, unit: 'transfer' },
];

/** The configuration of a scenario; `threads` is nbthread. */
export function configuration(
  scenario: Pick<Scenario, 'mode' | 'lines'>,
  threads: number,
  listenPort: number,
  backendPort: number,
): string {
  return [
    'global',
    '    maxconn 9000',
    `    nbthread ${threads}`,
    'defaults',
    `    mode ${scenario.mode}`,
    '    timeout client 30s',
    '    timeout server 30s',
    '    timeout connect 5s',
    'listen bench',
    `    bind 127.0.0.1:${listenPort}`,
    ...scenario.lines.map((line) => `    ${line}`),
    `    server s1 127.0.0.1:${backendPort}`,
    '',
  ].join('\n');
}
