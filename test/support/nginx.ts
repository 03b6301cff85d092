/** A real nginx in a folder of its own: static files, uploads that are stored by PUT, POST bodies that are kept as files. */

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accepts, freePorts, until } from './daemon.ts';
import { Program } from './programs.ts';

export class Nginx {
  readonly port: number;
  /** Files that it serves, and where PUT stores. */
  readonly root: string;
  readonly #posted: string;
  readonly #program: Program;

  private constructor(folder: string, port: number, program: Program) {
    this.port = port;
    this.root = join(folder, 'root');
    this.#posted = join(folder, 'posted');
    this.#program = program;
  }

  static async start(folder: string): Promise<Nginx> {
    const [port, sinkPort] = await freePorts(2);
    for (const name of ['root', 'posted', 'proxy']) mkdirSync(join(folder, name));
    const file = join(folder, 'nginx.conf');
    writeFileSync(file, configuration(folder, port, sinkPort));
    const nginx = new Nginx(folder, port, new Program('nginx', ['-e', join(folder, 'error.log'), '-c', file]));
    try {
      await until('nginx accepts', async () => {
        if (!nginx.#program.running) throw new Error(`nginx ended:\\n${nginx.#program.output}`);
        return await accepts(port);
      });
    } catch (error) {
      await nginx.stop();
      throw error;
    }
    return nginx;
  }

  /** Bodies of POST requests so far, in no order. */
  postedBodies(): Buffer[] {
    return readdirSync(this.#posted, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
  }

  async stop(): Promise<void> {
    await this.#program.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function configuration(folder: string, port: number, sinkPort: number): string {
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  return `${user}
daemon off;
master_process off;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 512; }
http {
  access_log off;
  default_type application/octet-stream;
  types { text/html html; text/css css; application/javascript js; image/svg+xml svg; text/plain txt; }
  client_max_body_size 0;
  client_body_temp_path ${folder}/posted;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/proxy;
  uwsgi_temp_path ${folder}/proxy;
  scgi_temp_path ${folder}/proxy;
  keepalive_requests 100000;
  server {
    listen 127.0.0.1:${port};
    root ${folder}/root;
    location / { }
    location /stored/ { dav_methods PUT; create_full_put_path on; }
    location /posted { client_body_in_file_only on; proxy_pass http://127.0.0.1:${sinkPort}; }
    location /told { default_type text/plain; return 200 "forwarded-for=$http_x_forwarded_for host=$http_host protocol=$server_protocol connection=$connection method=$request_method\\n"; }
  }
  server {
    listen 127.0.0.1:${sinkPort};
    location / { default_type text/plain; return 200 "received $http_content_length\\n"; }
  }
}
`;
}
