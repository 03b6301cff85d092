/**
 * The drill of failing-servers.test.ts, on one program: `node failing-servers-drill.ts PROGRAM`. Three nginx behind the proxy,
 * clients that ask without a pause, and one of the servers killed, stopped, frozen and cut off by a firewall, one after the
 * other. Prints JSON: for each of these how many requests were sent and which failed.
 *
 * Runs in a network namespace of its own, whose loopback the firewall rules are for.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, accepts, freePorts, until } from '../support/daemon.ts';
import { ask, keepAliveAgent } from '../support/http.ts';
import { Program, TemporaryFolder, run } from '../support/programs.ts';

const CLIENTS = 8;
const SERVERS = 3;
/** Requests before a failure, during it once it was seen, and after it. */
const REQUESTS = 150;

export interface DrillResult {
  readonly failure: string;
  readonly sent: number;
  /** Statuses other than 200, and errors, of requests. */
  readonly failed: readonly string[];
}

class Web {
  readonly port: number;
  readonly #configuration: string;
  program: Program;

  constructor(folder: string, port: number) {
    mkdirSync(folder);
    this.port = port;
    this.#configuration = join(folder, 'nginx.conf');
    writeFileSync(
      this.#configuration,
      `user root;
daemon off;
master_process off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/proxy;
  uwsgi_temp_path ${folder}/proxy;
  scgi_temp_path ${folder}/proxy;
  server { listen 127.0.0.1:${port}; location / { return 200 "hello\\n"; } }
}
`,
    );
    this.program = this.#launch();
  }

  restart(): void {
    this.program = this.#launch();
  }

  #launch(): Program {
    return new Program('nginx', ['-c', this.#configuration]);
  }
}

const firewall = (target: string) => ({
  fail: async (web: Web) => await iptables('-I', web.port, target),
  heal: async (web: Web) => await iptables('-D', web.port, target),
});

async function iptables(action: string, port: number, target: string): Promise<void> {
  const { status, stderr } = await run('iptables', [
    ...[action, 'INPUT', '-p', 'tcp', '--dport', String(port), '-j', 'REJECT', '--reject-with', 'tcp-reset'].slice(
      0,
      target === 'REJECT' ? undefined : -3,
    ),
    ...(target === 'REJECT' ? [] : [target]),
  ]);
  if (status !== 0) throw new Error(`iptables: ${stderr}`);
}

const FAILURES: Readonly<
  Record<string, { fail(web: Web): Promise<void> | void; heal(web: Web): Promise<void> | void }>
> = {
  killed: { fail: async (web) => await web.program.kill(), heal: (web) => web.restart() },
  stopped: { fail: async (web) => await web.program.stop(), heal: (web) => web.restart() },
  frozen: { fail: (web) => web.program.pause(), heal: (web) => web.program.resume() },
  'cut off by DROP': firewall('DROP'),
  'cut off by REJECT': firewall('REJECT'),
};

async function drill(program: string): Promise<DrillResult[]> {
  await using resources = new AsyncDisposableStack();
  const { path } = resources.use(new TemporaryFolder());
  const [port, ...ports] = await freePorts(1 + SERVERS);
  const webs = ports.map((webPort, index) => {
    const web = new Web(join(path, `web${index}`), webPort);
    resources.defer(async () => {
      web.program.resume();
      await web.program.stop();
    });
    return web;
  });
  for (const web of webs) await until('nginx accepts', async () => await accepts(web.port));
  const daemon = resources.use(await Daemon.start(configuration(port, ports), { port, program }));
  const [victim] = webs;
  const status = async (): Promise<string> => await daemon.statistic('web', 's1', 'status');
  await until('the servers are up', async () => (await status()) === 'UP');
  const results: DrillResult[] = [];
  for (const [failure, { fail, heal }] of Object.entries(FAILURES)) {
    const load = new Load(port);
    await load.more();
    await fail(victim);
    await until(`s1 is down (${failure})`, async () => (await status()) === 'DOWN');
    await load.more();
    await heal(victim);
    await until(`s1 is back (${failure})`, async () => (await status()) === 'UP');
    await load.more();
    results.push({ failure, ...(await load.stop()) });
  }
  return results;
}

class Load {
  readonly #agent = keepAliveAgent(CLIENTS);
  readonly #clients: Promise<void>[];
  readonly #failed: string[] = [];
  #sent = 0;
  #isOver = false;

  constructor(port: number) {
    this.#clients = Array.from({ length: CLIENTS }, async () => await this.#client(port));
  }

  async #client(port: number): Promise<void> {
    while (!this.#isOver) {
      this.#sent++;
      try {
        const { status } = await ask(port, { agent: this.#agent });
        if (status !== 200) this.#failed.push(String(status));
      } catch (error) {
        this.#failed.push(String(error));
      }
    }
  }

  async more(): Promise<void> {
    const wanted = this.#sent + REQUESTS;
    await until('requests are answered', () => this.#sent >= wanted);
  }

  async stop(): Promise<{ sent: number; failed: readonly string[] }> {
    this.#isOver = true;
    await Promise.all(this.#clients);
    this.#agent.destroy();
    return { sent: this.#sent, failed: this.#failed };
  }
}

function configuration(port: number, ports: readonly number[]): string {
  return `global
  stats socket FOLDER/admin.sock level admin
defaults
  mode http
  timeout connect 1s
  timeout client 20s
  timeout server 2s
  timeout queue 10s
  timeout check 1s
  retries 3
  option redispatch 1
  retry-on all-retryable-errors
listen web
  bind 127.0.0.1:${port}
  balance roundrobin
  option httpchk GET /
  default-server check inter 1s fastinter 100ms downinter 100ms fall 2 rise 2
${ports.map((each, index) => `  server s${index + 1} 127.0.0.1:${each}`).join('\n')}
`;
}

process.stdout.write(`${JSON.stringify(await drill(process.argv[2]))}\n`);
