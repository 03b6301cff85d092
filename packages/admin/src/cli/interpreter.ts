/**
 * From a command to its answer: splits it into words, finds the command, checks the level, and makes the help. Pure but for
 * what the commands themselves do. Manual: management section 9.3.
 */

import { Message, Severity, allows, fault, helpLine } from './command.ts';
import type { Answer, Command, CommandContext, Level, Reply } from './command.ts';
import { distance, letters } from './likeness.ts';
import { splitWords } from './words.ts';

/** Words of a line that can name a command; what follows them are arguments. */
const MAX_NAME_WORDS = 5;
/** Suggestions for an unknown command. */
const MAX_SUGGESTIONS = 5;

/** What a conversation asks of who understands its commands. */
export interface CommandInterpreter {
  /** The answer to one command, without the blank line that follows it. Never throws for what a user may type. */
  answer(context: CommandContext, text: string): Answer;
}

export class Interpreter implements CommandInterpreter {
  readonly #commands: readonly Command[];

  constructor(commands: readonly Command[]) {
    this.#commands = commands;
  }

  /** The answer to one command, without the blank line that follows it. Never throws for what a user may type. */
  answer(context: CommandContext, text: string): Answer {
    const words = splitWords(text);
    const command = this.#find(words);
    if (command === undefined) return isRestricted(words, context) ? DENIED : this.#usage(context, words);
    if (!isInMode(command, context)) return fault(`This command is restricted to ${command.mode} mode only.\n`);
    if (!allows(context.level, command.level)) return DENIED;
    const answer = command.run(context, words.slice(command.words.length));
    if (command.isSilent !== true) return answer;
    return answer instanceof Promise ? answer.then(asFault) : asFault(answer);
  }

  #find(words: readonly string[]): Command | undefined {
    let best: Command | undefined;
    for (const command of this.#commands) {
      if (
        command.words.length > (best?.words.length ?? 0) &&
        command.words.every((word, index) => words[index] === word)
      )
        best = command;
    }
    return best;
  }

  /**
   * `help [command]`, and what an unknown command is answered with: the commands that go on like the words that were
   * understood, the most similar ones where the next word is like some, all of them where nothing is.
   */
  #usage(context: CommandContext, typed: readonly string[]): Message {
    const isHelp = typed[0] === 'help';
    const words = (isHelp ? typed.slice(1) : typed).slice(0, MAX_NAME_WORDS);
    const visible = this.#commands.filter((command) => command.help !== undefined && isInMode(command, context));
    const understood = Math.max(0, ...visible.map((command) => sharedStart(command.words, words)));
    const candidates = visible.filter((command) => sharedStart(command.words, words) === understood);
    const near = words.length > understood ? nearest(candidates, words, understood) : [];
    const shown = near.length > 0 ? near : candidates;
    const head = isHelp
      ? 'The following commands are valid at this level:\n'
      : words.length === 0
        ? 'Unknown command. Please enter one of the following commands only:\n'
        : 'Unknown command, but maybe one of the following ones is a better match:\n';
    const lines = shown.map(helpLine).sort();
    return new Message(Severity.info, head + lines.join('') + BUILT_IN_HELP);
  }
}

const DENIED = fault('Permission denied\n');

/** What a silent command has to say is that something is wrong. */
const asFault = (reply: Reply): Reply => (typeof reply === 'string' && reply !== '' ? fault(reply) : reply);

function isInMode({ mode }: Command, { isExpert, isExperimental }: CommandContext): boolean {
  return mode === undefined || (mode === 'expert' ? isExpert : isExperimental);
}

function sharedStart(known: readonly string[], typed: readonly string[]): number {
  let shared = 0;
  while (shared < known.length && shared < typed.length && known[shared] === typed[shared]) shared++;
  return shared;
}

/** The few commands whose words after the first `understood` ones are most like the typed ones; none where none is. */
function nearest(candidates: readonly Command[], typed: readonly string[], understood: number): readonly Command[] {
  const rest = typed.slice(understood);
  const ranked = candidates
    .map((command) => {
      const words = command.words.slice(understood);
      return { command, distance: distance(rest, words), letters: letters(rest) + letters(words) };
    })
    .filter((each) => each.distance < 2.5 * each.letters)
    .sort((left, right) => left.distance - right.distance)
    .slice(0, MAX_SUGGESTIONS);
  return ranked.filter((each) => each.distance <= 2.5 * ranked[0].distance).map(({ command }) => command);
}

/**
 * Commands of HAProxy (management manual, section 9.3) that do not exist here: below the level that they need they are denied
 * all the same, so that scripts see the same answer.
 */
const RESTRICTED: readonly (readonly [level: Level, ...words: string[]])[] = [
  ['operator', 'trace'],
  ['operator', 'get', 'var'],
  ['admin', 'show', 'cache'],
  ['admin', 'set', 'ssl'],
  ['admin', 'new', 'ssl'],
  ['admin', 'commit', 'ssl'],
  ['admin', 'abort', 'ssl'],
  ['admin', 'del', 'ssl'],
  ['admin', 'add', 'ssl'],
];

function isRestricted(words: readonly string[], context: CommandContext): boolean {
  return RESTRICTED.some(
    ([level, ...start]) => start.every((word, index) => words[index] === word) && !allows(context.level, level),
  );
}

const BUILT_IN_HELP =
  '  help [<command>]                        : list matching or all commands\n' +
  '  prompt                                  : toggle interactive mode with prompt\n' +
  '  quit                                    : disconnect\n';
