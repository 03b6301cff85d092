/** Drills of server states whose transcripts are compared with the real haproxy's. */

import type { Drill } from './log-drill.ts';

const CHECK = 'check inter 60ms rise 1 fall 1';

export const SERVER_DRILLS: readonly Drill[] = [
  {
    name: 'down and up, none left',
    listeners: ['a', 'b'],
    sections: `backend be
  server s1 127.0.0.1:PORT_a ${CHECK}
  server s2 127.0.0.1:PORT_b ${CHECK}`,
    steps: [
      { status: 'be/s1', is: 'UP' },
      { status: 'be/s2', is: 'UP' },
      { set: 'a', to: 'down' },
      { line: /s1 is DOWN/ },
      { set: 'b', to: 'down' },
      { line: /no server/ },
      { state: true },
      { set: 'a', to: 'up' },
      { line: /s1 is UP/ },
      { set: 'b', to: 'up' },
      { line: /s2 is UP/ },
      { state: true },
    ],
  },
  {
    name: 'backups',
    listeners: ['a', 'b'],
    sections: `backend be
  server s1 127.0.0.1:PORT_a ${CHECK}
  server s2 127.0.0.1:PORT_b ${CHECK} backup`,
    steps: [
      { status: 'be/s1', is: 'UP' },
      { status: 'be/s2', is: 'UP' },
      { set: 'a', to: 'down' },
      { line: /s1 is DOWN/ },
      { state: true },
      { set: 'b', to: 'down' },
      { line: /no server/ },
      { set: 'b', to: 'up' },
      { line: /s2 is UP/ },
      { set: 'a', to: 'up' },
      { line: /s1 is UP/ },
      { cli: 'set server be/s2 state maint' },
      { cli: 'set server be/s2 state ready' },
      { cli: 'set server be/s2 state drain' },
      { cli: 'set server be/s2 state ready' },
    ],
  },
  {
    name: 'a listen section is a proxy',
    listeners: ['a'],
    sections: `listen be
  server s1 127.0.0.1:PORT_a ${CHECK}
`,
    steps: [{ status: 'be/s1', is: 'UP' }, { set: 'a', to: 'down' }, { line: /no server/ }],
  },
  {
    name: 'option httpchk: codes and counts',
    listeners: ['a'],
    sections: `backend be
  option httpchk
  server s1 127.0.0.1:PORT_a check inter 60ms rise 2 fall 2`,
    steps: [
      { status: 'be/s1', is: 'UP' },
      { set: 'a', to: 500 },
      { line: /no server/ },
      { state: true },
      { set: 'a', to: 204 },
      { line: /is UP/ },
      { state: true },
    ],
  },
  {
    name: 'option log-health-checks',
    listeners: ['a', 'b'],
    sections: `backend be
  option httpchk
  option log-health-checks
  server s1 127.0.0.1:PORT_a check inter 60ms rise 2 fall 3
  server s2 127.0.0.1:PORT_b check inter 30ms rise 2 fall 2 backup`,
    steps: [
      { line: /succeeded/, times: 2 },
      { set: 'a', to: 503 },
      { line: /s1 is DOWN/ },
      { set: 'a', to: 'up' },
      { line: /s1 is UP/ },
      { set: 'b', to: 'down' },
      { line: /s2 is DOWN/ },
      { set: 'b', to: 'up' },
      { line: /s2 is UP/ },
      { cli: 'set weight be/s1 0' },
      { set: 'a', to: 500 },
      { line: /s1 is DOWN/ },
      { set: 'a', to: 'up' },
      { line: /s1 is UP/ },
    ],
  },
  {
    name: 'maintenance',
    listeners: ['a', 'b'],
    sections: `backend be
  server s1 127.0.0.1:PORT_a ${CHECK}
  server s2 127.0.0.1:PORT_b ${CHECK}`,
    steps: [
      { status: 'be/s1', is: 'UP' },
      { status: 'be/s2', is: 'UP' },
      { cli: 'set server be/s1 state maint' },
      { state: true },
      { cli: 'set server be/s1 state maint' },
      { cli: 'set server be/s2 state maint' },
      { state: true },
      { cli: 'set server be/s1 state ready' },
      { cli: 'set server be/s2 state ready' },
      { set: 'a', to: 'down' },
      { line: /s1 is DOWN/ },
      { cli: 'disable server be/s1' },
      { state: true },
      { cli: 'enable server be/s1' },
      { line: /s1 is DOWN/ },
      { state: true },
    ],
  },
  {
    name: 'drain',
    listeners: ['a', 'b'],
    sections: `backend be
  server s1 127.0.0.1:PORT_a ${CHECK}
  server s2 127.0.0.1:PORT_b ${CHECK}`,
    steps: [
      { status: 'be/s1', is: 'UP' },
      { status: 'be/s2', is: 'UP' },
      { cli: 'set server be/s1 state drain' },
      { state: true },
      { set: 'a', to: 'down' },
      { line: /s1 is DOWN/ },
      { state: true },
      { set: 'a', to: 'up' },
      { line: /s1 is UP/ },
      { cli: 'set server be/s1 state maint' },
      { state: true },
      { cli: 'set server be/s1 state ready' },
      { cli: 'set server be/s1 state maint' },
      { cli: 'set server be/s1 state drain' },
      { state: true },
      { cli: 'set server be/s2 state drain' },
      { cli: 'set server be/s1 state ready' },
      { set: 'b', to: 'down' },
      { line: /s2 is DOWN/ },
      { cli: 'set weight be/s2 3' },
      { cli: 'set weight be/s1 3' },
      { cli: 'set server be/s2 state ready' },
    ],
  },
  {
    name: 'disabled in the file',
    listeners: ['a', 'b'],
    sections: `backend be
  server s1 127.0.0.1:PORT_a ${CHECK} disabled
  server s2 127.0.0.1:PORT_b disabled
  server s3 127.0.0.1:PORT_b`,
    steps: [
      { state: true },
      { cli: 'enable server be/s1' },
      { status: 'be/s1', is: 'UP' },
      { state: true },
      { cli: 'set server be/s2 state drain' },
      { state: true },
      { cli: 'set server be/s2 state ready' },
      { state: true },
    ],
  },
  {
    name: 'health by command',
    listeners: ['a', 'b'],
    sections: `backend be
  server s1 127.0.0.1:PORT_a check inter 1m
  server s2 127.0.0.1:PORT_b
  server s3 127.0.0.1:PORT_b track s1`,
    steps: [
      { status: 'be/s1', is: 'UP' },
      { cli: 'set server be/s1 health down' },
      { state: true },
      { cli: 'set server be/s1 health down' },
      { cli: 'set server be/s1 health stopping' },
      { state: true },
      { cli: 'set server be/s1 health up' },
      { cli: 'set server be/s1 health stopping' },
      { cli: 'set server be/s1 health down' },
      { cli: 'set server be/s1 health up' },
      { state: true },
      { cli: 'set server be/s2 health down' },
      { state: true },
      { cli: 'set server be/s2 health up' },
      { cli: 'set server be/s3 health down' },
      { cli: 'set server be/s1 state maint' },
      { cli: 'set server be/s1 health up' },
      { state: true },
    ],
  },
  {
    name: 'weights by command',
    listeners: ['a', 'b'],
    sections: `backend be
  server s1 127.0.0.1:PORT_a ${CHECK} weight 20
  server s2 127.0.0.1:PORT_b weight 7`,
    steps: [
      { status: 'be/s1', is: 'UP' },
      { cli: 'set server be/s1 weight 50%' },
      { cli: 'get weight be/s1' },
      { cli: 'set server be/s1 weight 300' },
      { cli: 'set server be/s1 weight 3000%' },
      { cli: 'get weight be/s1' },
      { cli: 'set server be/s1 weight -1%' },
      { cli: 'set server be/s1 weight -1' },
      { cli: 'set server be/s1 weight 5x' },
      { cli: 'set server be/s1 weight x' },
      { cli: 'set server be/s1 weight' },
      { cli: 'set server be/s2 weight 0' },
      { state: true },
      { cli: 'set weight be/s1 0' },
      { state: true },
      { cli: 'set weight be/s1 100%' },
      { state: true },
      { cli: 'get weight be/s1' },
      { cli: 'get weight be/none' },
      { cli: 'get weight none/s1' },
      { cli: 'get weight be' },
      { cli: 'set server be/none weight 1' },
      { cli: 'set server none/s1 weight 1' },
      { cli: 'set server be weight 1' },
      { cli: 'set server be/s1 nothing' },
      { cli: 'set server be/s1' },
      { cli: 'set server' },
      { cli: 'set server be/s1 state' },
      { cli: 'set server be/s1 health' },
      { cli: 'set weight be/s1' },
      { cli: 'set weight be' },
      { cli: 'disable server' },
      { cli: 'enable server be/none' },
      { set: 'a', to: 'down' },
      { line: /s1 is DOWN/ },
      { cli: 'set weight be/s1 0' },
      { set: 'a', to: 'up' },
      { line: /s1 is UP/ },
      { state: true },
    ],
  },
  {
    name: 'weights of a static algorithm',
    listeners: ['a'],
    sections: `backend be
  balance static-rr
  server s1 127.0.0.1:PORT_a weight 20`,
    steps: [
      { cli: 'set server be/s1 weight 50%' },
      { cli: 'set server be/s1 weight 0' },
      { state: true },
      { cli: 'set server be/s1 weight 100%' },
      { cli: 'set server be/s1 weight 20' },
      { state: true },
    ],
  },
  {
    name: 'tracking: states',
    listeners: ['a', 'b'],
    sections: `backend be
  server s1 127.0.0.1:PORT_b track first/s1
  server s2 127.0.0.1:PORT_b track be/s1
  server s3 127.0.0.1:PORT_b
backend first
  server s1 127.0.0.1:PORT_a check inter 60ms rise 2 fall 2`,
    steps: [
      { status: 'first/s1', is: 'UP' },
      { state: true },
      { set: 'a', to: 'down' },
      { line: /be\/s2 is DOWN/ },
      { state: true },
      { set: 'a', to: 'up' },
      { line: /be\/s2 is UP/ },
      { state: true },
    ],
  },
  {
    name: 'tracking: administration',
    listeners: ['a', 'b'],
    sections: `backend be
  server s1 127.0.0.1:PORT_b track first/s1
  server s2 127.0.0.1:PORT_b track be/s1
  server s3 127.0.0.1:PORT_b track first/s1
backend first
  server s1 127.0.0.1:PORT_a ${CHECK}`,
    steps: [
      { status: 'first/s1', is: 'UP' },
      { cli: 'set server first/s1 state maint' },
      { state: true },
      { cli: 'set server be/s1 state maint' },
      { state: true },
      { cli: 'set server first/s1 state ready' },
      { state: true },
      { cli: 'set server be/s1 state ready' },
      { cli: 'set server first/s1 state drain' },
      { state: true },
      { cli: 'set server be/s1 state drain' },
      { state: true },
      { cli: 'set server first/s1 state ready' },
      { state: true },
      { cli: 'set server be/s1 state ready' },
      { cli: 'set server be/s1 state drain' },
      { cli: 'set server first/s1 state drain' },
      { cli: 'set server be/s1 state ready' },
      { cli: 'set server first/s1 state ready' },
      { cli: 'set server be/s1 state maint' },
      { cli: 'set server first/s1 state maint' },
      { cli: 'set server be/s1 state ready' },
      { state: true },
      { cli: 'set server first/s1 state ready' },
      { cli: 'set server be/s1 state maint' },
      { set: 'a', to: 'down' },
      { line: /be\/s3 is DOWN/ },
      { cli: 'set server be/s1 state ready' },
      { cli: 'set server first/s1 state maint' },
      { cli: 'set server first/s1 state ready' },
      { line: /be\/s3 is DOWN/ },
      { state: true },
    ],
  },
  {
    name: 'tracking: a tracked server that is disabled in the file, log-health-checks',
    listeners: ['a', 'b'],
    sections: `backend be
  option log-health-checks
  server s1 127.0.0.1:PORT_b track first/s1
backend first
  option log-health-checks
  server s1 127.0.0.1:PORT_a ${CHECK} disabled`,
    steps: [
      { state: true },
      { cli: 'enable server first/s1' },
      { line: /succeeded/ },
      { state: true },
      { set: 'a', to: 'down' },
      { line: /be\/s1 is DOWN/ },
    ],
  },
  {
    name: 'tracking: health by command',
    listeners: ['a', 'b'],
    sections: `backend be
  server s1 127.0.0.1:PORT_b track first/s1
backend first
  server s1 127.0.0.1:PORT_a check inter 1m`,
    steps: [
      { status: 'first/s1', is: 'UP' },
      { cli: 'set server first/s1 health stopping' },
      { state: true },
      { cli: 'set server first/s1 health up' },
      { cli: 'set server first/s1 health down' },
      { cli: 'set server be/s1 state drain' },
      { cli: 'set server first/s1 health up' },
      { state: true },
    ],
  },
  {
    name: 'slow start',
    listeners: ['a', 'b'],
    sections: `backend be
  server s1 127.0.0.1:PORT_a ${CHECK} slowstart 1h weight 10 maxconn 40
  server s2 127.0.0.1:PORT_b`,
    steps: [
      { status: 'be/s1', is: 'UP' },
      { state: true },
      { set: 'a', to: 'down' },
      { line: /s1 is DOWN/ },
      { set: 'a', to: 'up' },
      { line: /s1 is UP/ },
      { state: true },
      { cli: 'set server be/s1 state drain' },
      { cli: 'set server be/s1 state ready' },
      { state: true },
      { cli: 'set server be/s1 state maint' },
      { cli: 'set server be/s1 state ready' },
      { state: true },
    ],
  },
  {
    name: 'slow start that has ended',
    listeners: ['a', 'b'],
    sections: `backend be
  server s1 127.0.0.1:PORT_a ${CHECK} slowstart 1500ms weight 10
  server s2 127.0.0.1:PORT_b`,
    steps: [
      { status: 'be/s1', is: 'UP' },
      { set: 'a', to: 'down' },
      { line: /s1 is DOWN/ },
      { set: 'a', to: 'up' },
      { line: /s1 is UP/ },
      { status: 'be/s1', column: 'throttle', is: '' },
      { state: true },
      { cli: 'get weight be/s1' },
    ],
  },
  {
    acts: 'later',
    name: 'observe layer7 fail-check',
    listeners: ['a', 'b'],
    sections: `backend be
  server s1 127.0.0.1:PORT_a addr 127.0.0.1 port PORT_b check inter 1m observe layer7 error-limit 3 fall 2`,
    steps: [
      { status: 'be/s1', is: 'UP' },
      { set: 'a', to: 500 },
      { request: 2 },
      { set: 'a', to: 404 },
      { request: 1 },
      { set: 'a', to: 502 },
      { request: 3 },
      { status: 'be/s1', column: 'hanafail', is: '1' },
      { state: true },
      { request: 3 },
      { line: /is DOWN/ },
      { state: true },
    ],
  },
  {
    acts: 'later',
    name: 'observe layer7 mark-down',
    listeners: ['a', 'b'],
    sections: `backend be
  option log-health-checks
  server s1 127.0.0.1:PORT_a addr 127.0.0.1 port PORT_b check inter 1m observe layer7 error-limit 2 on-error mark-down`,
    steps: [{ status: 'be/s1', is: 'UP' }, { set: 'a', to: 503 }, { request: 2 }, { line: /is DOWN/ }, { state: true }],
  },
  {
    acts: 'later',
    name: 'observe layer7 sudden-death',
    listeners: ['a', 'b'],
    sections: `backend be
  option log-health-checks
  server s1 127.0.0.1:PORT_a addr 127.0.0.1 port PORT_b check inter 1m observe layer7 error-limit 2 on-error sudden-death fall 5`,
    steps: [
      { status: 'be/s1', is: 'UP' },
      { set: 'a', to: 500 },
      { request: 2 },
      { status: 'be/s1', column: 'hanafail', is: '1' },
      { state: true },
      { request: 2 },
      { line: /is DOWN/ },
    ],
  },
  {
    acts: 'later',
    name: 'observe layer4',
    listeners: ['a', 'b'],
    sections: `backend be
  retries 0
  server s1 127.0.0.1:PORT_a addr 127.0.0.1 port PORT_b check inter 1m observe layer4 error-limit 2 on-error mark-down`,
    steps: [
      { status: 'be/s1', is: 'UP' },
      { set: 'a', to: 'down' },
      { request: 1 },
      { set: 'a', to: 500 },
      { request: 1 },
      { set: 'a', to: 'down' },
      { request: 2 },
      { line: /is DOWN/ },
      { state: true },
    ],
  },
  {
    name: 'reasons with characters that lines do not hold',
    listeners: ['a'],
    sections: `backend be
  option httpchk
  option log-health-checks
  server s1 127.0.0.1:PORT_a check inter 60ms rise 1 fall 1`,
    steps: [
      { line: /succeeded/ },
      { set: 'a', to: '500 a "quoted" %word {x} <y> \\z & \u0001\u00e9 end' },
      { line: /is DOWN/ },
      { set: 'a', to: 'up' },
      { line: /is UP/ },
    ],
  },
  {
    acts: 'later',
    name: 'observe layer7: refused connections count too',
    listeners: ['a', 'b'],
    sections: `backend be
  retries 0
  server s1 127.0.0.1:PORT_a addr 127.0.0.1 port PORT_b check inter 1m observe layer7 error-limit 2 on-error mark-down`,
    steps: [
      { status: 'be/s1', is: 'UP' },
      { set: 'a', to: 'down' },
      { request: 2 },
      { line: /is DOWN/ },
      { state: true },
    ],
  },
  {
    name: 'http-check disable-on-404, and a tracking server',
    listeners: ['a', 'b'],
    sections: `backend be
  option httpchk
  http-check disable-on-404
  server s1 127.0.0.1:PORT_a check inter 60ms rise 2 fall 2
  server s2 127.0.0.1:PORT_b track s1
  server s3 127.0.0.1:PORT_b backup`,
    steps: [
      { status: 'be/s1', is: 'UP' },
      { set: 'a', to: 404 },
      { line: /s2 is stopping/ },
      { state: true },
      { set: 'a', to: 500 },
      { line: /s2 is DOWN/ },
      { set: 'a', to: 200 },
      { line: /s2 is UP/ },
      { set: 'a', to: 404 },
      { line: /s2 is stopping/ },
      { set: 'a', to: 200 },
      { line: /s2 is UP/ },
      { state: true },
    ],
  },
  {
    name: 'queues: who is taken from them, and who stays',
    listeners: ['a', 'b'],
    down: ['b'],
    sections: `backend be
  timeout queue 20s
  timeout server 20s
  server s1 127.0.0.1:PORT_a maxconn 1
  server s2 127.0.0.1:PORT_b maxconn 1 check inter 60ms rise 1 fall 1`,
    steps: [
      { line: /s2 is DOWN/ },
      { set: 'a', to: 'silent' },
      { start: 3 },
      { status: 'be/BACKEND', column: 'qcur', is: '2' },
      { set: 'b', to: 'silent' },
      { line: /s2 is UP/ },
      { status: 'be/BACKEND', column: 'qcur', is: '1' },
      { cli: 'set server be/s2 state drain' },
      { cli: 'set server be/s2 state ready' },
      { cli: 'set server be/s1 state maint' },
      { state: true },
    ],
  },
  {
    name: 'queues: option redispatch lets those who wait for a server leave it',
    listeners: ['a', 'b'],
    sections: `backend be
  balance source
  option redispatch
  timeout queue 20s
  timeout server 20s
  server s1 127.0.0.1:PORT_a maxconn 1
  server s2 127.0.0.1:PORT_b maxconn 1 weight 0`,
    steps: [
      { set: 'a', to: 'silent' },
      { start: 3 },
      { status: 'be/s1', column: 'qcur', is: '2' },
      { cli: 'set server be/s1 state maint' },
      { cli: 'set server be/s1 state ready' },
    ],
  },
];
