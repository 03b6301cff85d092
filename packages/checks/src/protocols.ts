// The registry of check protocols (manual: `option httpchk`, `option …-check`): one line for each.

import type { Check } from '@evenkeel/config';
import type { Protocol } from './conversation.ts';
import { externalProtocol, type ExternalCheck } from './protocols/external.ts';
import { ldapProtocol } from './protocols/ldap.ts';
import { mysqlProtocol } from './protocols/mysql.ts';
import { pgsqlProtocol } from './protocols/pgsql.ts';
import { pingProtocol } from './protocols/ping.ts';
import { redisProtocol } from './protocols/redis.ts';
import { smtpProtocol } from './protocols/smtp.ts';
import { spopProtocol } from './protocols/spop.ts';
import { sslHelloProtocol } from './protocols/ssl-hello.ts';
import { tcpProtocol } from './protocols/tcp.ts';
import { rulesetProtocol, type RulesetSettings } from './ruleset/compile.ts';

export function createProtocol(check: Check, settings: RulesetSettings, external: ExternalCheck): Protocol {
  switch (check.type) {
    case 'tcp':
      return tcpProtocol;
    case 'rules':
      return rulesetProtocol(check.ruleset, settings);
    case 'mysql':
      return mysqlProtocol(check);
    case 'pgsql':
      return pgsqlProtocol(check.user);
    case 'redis':
      return redisProtocol;
    case 'smtp':
      return smtpProtocol(check.hello);
    case 'ldap':
      return ldapProtocol;
    case 'ssl-hello':
      return sslHelloProtocol;
    case 'spop':
      return spopProtocol;
    case 'external':
      return externalProtocol(external);
    case 'ping':
      return pingProtocol;
  }
}
