/**
 * Commands of the master's socket (management manual, section 9.4): `@1 COMMAND` or `@!PID COMMAND` is for the worker, `@master
 * COMMAND` for the master; a prefix alone makes it the addressee of what follows without one. At first that is the master.
 */

import type { Answer, CommandContext } from '../cli/command.ts';
import { fault } from '../cli/command.ts';
import { Interpreter } from '../cli/interpreter.ts';
import type { CommandInterpreter } from '../cli/interpreter.ts';
import { MASTER_COMMANDS } from './commands.ts';

const MASTER = 'master';

export class MasterInterpreter implements CommandInterpreter {
  readonly #worker: CommandInterpreter;
  readonly #master = new Interpreter(MASTER_COMMANDS);
  /** The prompt is the addressee's name. */
  readonly #addressed = new WeakMap<CommandContext, 'master' | 'worker'>();

  /** `worker` answers what is for the worker. */
  constructor(worker: CommandInterpreter) {
    this.#worker = worker;
  }

  answer(context: CommandContext, text: string): Answer {
    const found = /^[ \t]*@(\S*)[ \t]*(.*)$/s.exec(text);
    if (found === null) return this.#for(this.#addressed.get(context) ?? MASTER).answer(context, text);
    const [, name, command] = found;
    const addressee = addresseeOf(name, context.runtime.pid);
    if (addressee === undefined) return fault(`Can't find the target PID matching the prefix '@${name}'\n`);
    if (command !== '') return this.#for(addressee).answer(context, command);
    this.#addressed.set(context, addressee);
    context.promptName = addressee === MASTER ? MASTER : String(context.runtime.pid);
    return '';
  }

  #for(addressee: 'master' | 'worker'): CommandInterpreter {
    return addressee === MASTER ? this.#master : this.#worker;
  }
}

/** `@`, `@master` and `@0`; `@1`, the first and only worker; `@!PID`. */
function addresseeOf(name: string, pid: number): 'master' | 'worker' | undefined {
  if (name === '' || name === MASTER || name === '0') return MASTER;
  return name === '1' || name === `!${pid}` ? 'worker' : undefined;
}
