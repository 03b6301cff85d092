/**
 * For resolvers.test.ts: `node moved-server-drill.ts PROGRAM`, in a network namespace of its own. A server moves while its name
 * is asked for once a minute only, and where it was answers no more. Prints the address that answers in the end.
 */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { Daemon, freePorts, until } from '../support/daemon.ts';
import { NameServer } from '../support/dnsmasq.ts';
import { ask } from '../support/http.ts';
import { run } from '../support/programs.ts';

const server = createServer((request, response) => {
  response.end(request.socket.localAddress);
});
server.listen(0, '0.0.0.0');
await once(server, 'listening');
{
  await using names = await NameServer.start({ addresses: { 'app.test': ['127.0.0.11'] } });
  const [port] = await freePorts(1);
  await using _daemon = await Daemon.start(
    `resolvers lab
  nameserver first 127.0.0.1:${names.port}
  timeout resolve 1m
defaults
  mode http
  timeout connect 100ms
  timeout check 100ms
  timeout client 5s
  timeout server 5s
listen web
  bind 127.0.0.1:${port}
  server s1 app.test:${(server.address() as AddressInfo).port} resolvers lab init-addr none resolve-prefer ipv4 check inter 100ms
`,
    { port, program: process.argv[2] },
  );
  const answer = async (): Promise<string> => (await ask(port)).body.toString();
  await until('it serves', async () => (await answer()) === '127.0.0.11');
  await names.change({ addresses: { 'app.test': ['127.0.0.12'] } });
  await run('iptables', ['-I', 'INPUT', '-d', '127.0.0.11', '-j', 'DROP']);
  await until('it serves where it is now', async () => (await answer()) === '127.0.0.12', 30_000);
  process.stdout.write(await answer());
}
server.closeAllConnections();
server.close();
