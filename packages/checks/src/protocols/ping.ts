// The check of a host rather than of a service: one ICMP echo, through ping(8), which has the right to raw sockets. Our own
// `option ping-check`; HAProxy has none. Silence is the time-out of the check.

import { isIPv6 } from 'node:net';
import type { CheckSubject, Conversation, ConversationEffect, ConversationInput, Protocol } from '../conversation.ts';
import { errnoText } from '@evenkeel/sys';
import { found } from './script.ts';

/** Longer than any check may last: the time-out of the check ends a ping, not ping itself. */
const PATIENCE_S = 3600;
/** Where distributions keep ping. */
const PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';
/** ping(8): 0 for an answer, 1 for none, 2 for any other error. */
const UNREACHED = 1;

export const pingProtocol: Protocol = {
  closesByReset: false,
  runsPrograms: true,
  begin: (subject) => new PingConversation(subject),
};

class PingConversation implements Conversation {
  readonly timeoutStatus = 'L4TOUT';
  readonly #subject: CheckSubject;

  constructor(subject: CheckSubject) {
    this.#subject = subject;
  }

  start(): readonly ConversationEffect[] {
    const { address } = this.#subject.connection;
    if ('path' in address) return [found('SOCKERR', 'a Unix socket answers no ping')];
    const family = isIPv6(address.host) ? '-6' : '-4';
    return [
      {
        type: 'execute',
        call: {
          command: 'ping',
          arguments: [family, '-n', '-c', '1', '-W', String(PATIENCE_S), address.host],
          environment: { PATH, LC_ALL: 'C' },
          keepsOutput: true,
        },
      },
    ];
  }

  handle(input: ConversationInput): readonly ConversationEffect[] {
    if (input.type !== 'exited') return [];
    const { exit } = input;
    if (exit.type === 'failure') return [found('SOCKERR', `cannot run ping: ${errnoText(exit.code)}`)];
    if (exit.type === 'signal') return [found('SOCKERR', `ping was killed by ${exit.signal}`)];
    if (exit.status === 0) return [found('L4OK')];
    const words = complaint(exit.output);
    return [exit.status === UNREACHED ? found('L4CON', words || 'no answer') : found('SOCKERR', words)];
  }
}

/** `Destination Host Unreachable` out of `From 192.0.2.1 icmp_seq=1 Destination Host Unreachable`, or the program's own line. */
function complaint(output: string): string {
  const unreachable = /icmp_seq=\d+ ([A-Z].*)$/m.exec(output)?.[1];
  return unreachable ?? /^ping6?: (.*)$/m.exec(output)?.[1] ?? '';
}
