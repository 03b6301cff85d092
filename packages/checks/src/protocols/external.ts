// The check by a program of the operator's (manual: `option external-check`, `external-check command`): its arguments and
// environment as the manual lists them and HAProxy 2.6.12 gives them, nothing else inherited; status 0 is good.

import type { CheckSubject, Conversation, ConversationEffect, ConversationInput, Protocol } from '../conversation.ts';
import { constants } from 'node:os';
import { errnoText } from '@evenkeel/sys';
import { found } from './script.ts';

export interface ExternalCheck {
  readonly command: string;
  /** PATH of the program. */
  readonly path: string;
  /** `h1` for a proxy of HTTP, else `tcp`. */
  readonly serverProtocol: 'h1' | 'tcp';
  /** The first `bind` of the section that is an address or a Unix socket: empty strings where there is none. */
  readonly listener: { readonly address: string; readonly port: string };
}

/** What stands in arguments for what there is not. */
const NOT_USED = 'NOT_USED';
/** What a shell makes of a program that cannot be run, cut to a byte, as HAProxy has it. */
const CANNOT_RUN = 255;
/** As shells count what ended by a signal: above this by the signal's number. */
const KILLED = 128;

export function externalProtocol(check: ExternalCheck): Protocol {
  return { closesByReset: false, runsPrograms: true, begin: (subject) => new ExternalConversation(check, subject) };
}

class ExternalConversation implements Conversation {
  readonly timeoutStatus = 'PROCTOUT';
  readonly #check: ExternalCheck;
  readonly #subject: CheckSubject;

  constructor(check: ExternalCheck, subject: CheckSubject) {
    this.#check = check;
    this.#subject = subject;
  }

  start(): readonly ConversationEffect[] {
    const { command, listener, path, serverProtocol } = this.#check;
    const { backend, line, server } = this.#subject;
    const port = line.port === undefined ? '' : String(line.port);
    return [
      {
        type: 'execute',
        call: {
          command,
          arguments: [listener.address || NOT_USED, listener.port || NOT_USED, line.address, port || NOT_USED],
          environment: {
            PATH: path,
            HAPROXY_PROXY_NAME: backend.name,
            HAPROXY_PROXY_ID: String(backend.id),
            HAPROXY_PROXY_ADDR: listener.address,
            HAPROXY_PROXY_PORT: listener.port,
            HAPROXY_SERVER_NAME: server.name,
            HAPROXY_SERVER_ID: String(server.id),
            HAPROXY_SERVER_ADDR: line.address,
            HAPROXY_SERVER_PORT: port,
            HAPROXY_SERVER_MAXCONN: String(line.maxconn),
            HAPROXY_SERVER_CURCONN: String(server.connections),
            HAPROXY_SERVER_PROTO: serverProtocol,
            HAPROXY_SERVER_SSL: '0',
          },
          keepsOutput: false,
        },
      },
    ];
  }

  handle(input: ConversationInput): readonly ConversationEffect[] {
    if (input.type !== 'exited') return [];
    const { exit } = input;
    switch (exit.type) {
      case 'status':
        return [found(exit.status === 0 ? 'PROCOK' : 'PROCERR', '', exit.status)];
      case 'signal':
        return [
          found(
            'PROCERR',
            `killed by ${exit.signal}`,
            KILLED + (constants.signals[exit.signal as NodeJS.Signals] ?? 0),
          ),
        ];
      case 'failure':
        return [found('PROCERR', `cannot run ${this.#check.command}: ${errnoText(exit.code)}`, CANNOT_RUN)];
    }
  }
}
