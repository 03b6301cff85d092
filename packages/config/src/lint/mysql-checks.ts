/**
 * `mysql-check`: checks that connect to a MySQL server and leave. The server counts each as an interrupted handshake and, after
 * `max_connect_errors` of them in a row (100 by default), blocks the host that they come from: the proxy (MySQL manual, "Host
 * 'host_name' is blocked").
 */

import { describeKind } from '../draft.ts';
import type { Check, Config, Server } from '../model.ts';
import { MYSQL_PORT, serverPort } from './ports.ts';
import type { ReportLint } from './index.ts';

export function lintMysqlChecks(config: Config, report: ReportLint): void {
  for (const { check, disabled, kind, name, servers } of config.proxies) {
    if (disabled || !onlyConnects(check)) continue;
    const server = servers.find((each) => each.check && checkedPort(each) === MYSQL_PORT);
    if (server === undefined) continue;
    const message = `${describeKind(kind)} '${name}': 'check' of server '${server.name}' only connects to port ${MYSQL_PORT} and leaves: MySQL counts failed handshakes and blocks this host after 'max_connect_errors' (100) of them.`;
    report(
      'mysql-check',
      server.at,
      'server',
      message,
      "add 'option mysql-check user NAME' with a user who has no rights",
    );
  }
}

/** Whether nothing is said to the server: no protocol, and no rule that sends or waits for the server's greeting. */
function onlyConnects(check: Check): boolean {
  if (check.type === 'tcp') return true;
  return (
    check.type === 'rules' &&
    check.ruleset.protocol === 'tcp' &&
    check.ruleset.steps.every(({ action }) => action !== 'send' && action !== 'expect')
  );
}

function checkedPort(server: Server): number | undefined {
  return server.checkPort ?? serverPort(server);
}
