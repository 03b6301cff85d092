/**
 * Commands of the master's socket (management manual, section 9.4): `@1 COMMAND` or `@!PID COMMAND` is for the worker, `@master
 * COMMAND` for the master; a prefix alone makes it the addressee of what follows without one. At first that is the master.
 *
 * As on HAProxy, what concerns the conversation itself is obeyed without a word, whoever the addressee is, and a prefix that
 * leads nowhere or a level that is too low ends the conversation.
 */

import { NO_ANSWER, allows, fault } from '../cli/command.ts';
import type { CommandContext, Level } from '../cli/command.ts';
import { Interpreter } from '../cli/interpreter.ts';
import type { CommandInterpreter } from '../cli/interpreter.ts';
import { MASTER_COMMANDS } from './commands.ts';

const MASTER = 'master';

type Addressee = 'master' | 'worker';

/** What the master remembers of a conversation. */
interface Conversation {
  addressee: Addressee;
  /** `mcli-debug-mode on`: the worker's commands are the master's too. */
  isDebugging: boolean;
}

/** Commands to the conversation, and the level that each needs. */
const OWN: Readonly<Record<string, Level>> = {
  prompt: 'user',
  user: 'user',
  operator: 'operator',
  'expert-mode': 'admin',
  'experimental-mode': 'admin',
  'mcli-debug-mode': 'admin',
};

type Reply = ReturnType<CommandInterpreter['answer']>;

export class MasterInterpreter implements CommandInterpreter {
  readonly #worker: CommandInterpreter;
  readonly #master = new Interpreter(MASTER_COMMANDS);
  readonly #conversations = new WeakMap<CommandContext, Conversation>();

  /** `worker` answers what is for the worker. */
  constructor(worker: CommandInterpreter) {
    this.#worker = worker;
  }

  answer(context: CommandContext, text: string): Reply {
    const conversation = this.#conversations.get(context) ?? { addressee: MASTER, isDebugging: false };
    this.#conversations.set(context, conversation);
    const reply = this.#answer(context, conversation, text);
    context.promptName = promptOf(context, conversation);
    return reply;
  }

  #answer(context: CommandContext, conversation: Conversation, text: string): Reply {
    const prefixed = /^[ \t]*@(\S*)[ \t]*(.*)$/s.exec(text);
    if (prefixed !== null) {
      const [, name, command] = prefixed;
      const addressee = addresseeOf(name, context.runtime.pid);
      if (addressee === undefined) return end(context, `Can't find the target PID matching the prefix '@${name}'\n`);
      if (command !== '') return this.#for(addressee, conversation).answer(context, command);
      conversation.addressee = addressee;
      return NO_ANSWER;
    }
    const [word, argument] = text.trim().split(/[ \t]+/);
    if (!Object.hasOwn(OWN, word)) return this.#for(conversation.addressee, conversation).answer(context, text);
    if (!allows(context.level, OWN[word])) return end(context, 'Permission denied!\n');
    const isOn = argument === 'on';
    switch (word) {
      case 'prompt':
        context.interactive = !context.interactive;
        break;
      case 'user':
      case 'operator':
        context.level = word;
        break;
      case 'expert-mode':
        context.isExpert = isOn;
        break;
      case 'experimental-mode':
        context.isExperimental = isOn;
        break;
      default:
        conversation.isDebugging = isOn;
    }
    return NO_ANSWER;
  }

  #for(addressee: Addressee, { isDebugging }: Conversation): CommandInterpreter {
    return addressee === MASTER && !isDebugging ? this.#master : this.#worker;
  }
}

function end(context: CommandContext, complaint: string): Reply {
  context.leaving = true;
  return fault(complaint);
}

/** The addressee's name, that the last reload failed, and the modes that are on. */
function promptOf(
  { runtime, isExperimental, isExpert }: CommandContext,
  { addressee, isDebugging }: Conversation,
): string {
  const master = runtime.loads.failedSinceSuccess > 0 ? `${MASTER}[ReloadFailed]` : MASTER;
  const modes = `${isExperimental ? 'x' : ''}${isExpert ? 'e' : ''}${isDebugging ? 'd' : ''}`;
  return `${addressee === MASTER ? master : runtime.pid}${modes === '' ? '' : `(${modes})`}`;
}

/** `@`, `@master` and `@0`; `@1`, the first and only worker; `@!PID`. */
function addresseeOf(name: string, pid: number): Addressee | undefined {
  if (name === '' || name === MASTER || name === '0') return MASTER;
  return name === '1' || name === `!${pid}` ? 'worker' : undefined;
}
