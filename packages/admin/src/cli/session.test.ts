import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CliSession } from './session.ts';
import type { Channel } from './session.ts';
import { Interpreter } from './interpreter.ts';
import { Stream, newContext } from './command.ts';
import type { Command, Level, SeverityOutput } from './command.ts';
import { splitWords } from './words.ts';
import { COMMANDS } from '../commands.ts';
import type { Runtime } from '../runtime.ts';

const runtime = {
  version: '2.6.12-test',
  environment: () => new Map([['HOME', '/root']]),
  plan: () => ({ config: { global: { statsSockets: [] } } }),
} as unknown as Runtime;

const secret: Command = {
  words: ['set', 'secret'],
  parameters: '<bk>/<srv>',
  help: 'change a weight',
  level: 'admin',
  run: () => 'done\n',
};

const sayPayload: Command = {
  words: ['say', 'payload'],
  parameters: '',
  help: 'answer the payload',
  level: 'user',
  run: ({ payload }, words) => `${words.join(',')}|${payload ?? 'none'}|\n`,
};

const takesTime: Command = {
  words: ['take', 'time'],
  parameters: '',
  help: 'answer later',
  level: 'user',
  run: async () => {
    await Promise.resolve();
    return 'later\n';
  },
};

const fails: Command = {
  words: ['fail'],
  parameters: '',
  help: 'reject',
  level: 'user',
  run: async () => {
    await Promise.resolve();
    throw new Error('a thread ended');
  },
};

/** A client that sends these pieces, one by one, and then its end, and reads everything. */
class Client implements Channel {
  sent = '';
  readonly #pieces: string[];

  constructor(pieces: readonly string[]) {
    this.#pieces = [...pieces];
  }

  /** Only what came together with the last piece is there already, and that is handed over whole. */
  readonly hasInput = false;

  async read(): Promise<string | undefined> {
    await Promise.resolve();
    return this.#pieces.shift();
  }

  async waitForInput(): Promise<boolean> {
    await Promise.resolve();
    return true;
  }

  async write(text: string): Promise<boolean> {
    await Promise.resolve();
    this.sent += text;
    return true;
  }

  limitSilence(): void {}
}

async function converse(
  pieces: string | readonly string[],
  level: Level = 'admin',
  severityOutput: SeverityOutput = 'none',
  further: readonly Command[] = [],
): Promise<string> {
  const client = new Client(typeof pieces === 'string' ? [pieces] : pieces);
  const interpreter = new Interpreter([...COMMANDS, secret, sayPayload, takesTime, fails, ...further]);
  await new CliSession(interpreter, newContext(runtime, 'test', level, { severityOutput }), client).converse();
  return client.sent;
}

// The expectations below are what haproxy 2.6.12 sent for the same input.

test('one line is answered, with a blank line after each answer, and the connection ends', async () => {
  assert.equal(await converse('show version\n'), '2.6.12-test\n\n');
  assert.equal(await converse('show version;show version\n'), '2.6.12-test\n\n2.6.12-test\n\n');
  assert.equal(await converse('operator\n'), '\n');
});

test('lines that came together are all answered; one that comes after the answer is not', async () => {
  assert.equal(await converse('show version\nshow version\n'), '2.6.12-test\n\n2.6.12-test\n\n');
  assert.equal(await converse(['show version\n', 'show version\n']), '2.6.12-test\n\n');
});

test('prompt keeps the conversation going until quit, or until it is sent again', async () => {
  assert.equal(await converse(['prompt\n', 'show version\n', 'quit\n', 'show version\n']), '\n> 2.6.12-test\n\n> ');
  assert.equal(await converse(['prompt\n', 'show version;prompt\n', 'show version\n']), '\n> 2.6.12-test\n\n> \n');
});

test('where a conversation does not end alone, it goes on until the client ends it', async () => {
  const client = new Client(['show version\n', 'show version;show version\n', 'show version']);
  const context = newContext(runtime, 'test', 'admin', { endsAlone: false });
  await new CliSession(new Interpreter(COMMANDS), context, client).converse();
  assert.equal(client.sent, '2.6.12-test\n\n'.repeat(3));
});

test('quit ends a line of commands', async () => {
  assert.equal(await converse('show version;quit;show version\n'), '2.6.12-test\n\n');
});

test('a command split over packets is one command', async () => {
  assert.equal(await converse(['show ver', 'sion\n']), '2.6.12-test\n\n');
});

test('a last line without its line feed is not answered', async () => {
  assert.equal(await converse('show version'), '');
});

test('a carriage return before the line feed is no part of the command', async () => {
  assert.equal(await converse('show version\r\n'), '2.6.12-test\n\n');
});

test('levels: a command above the level is refused, and a level can only be lowered', async () => {
  assert.equal(await converse('set secret a/b 1\n', 'operator'), 'Permission denied\n\n');
  assert.equal(await converse('set secret a/b 1\n', 'admin'), 'done\n\n');
  assert.equal(await converse('user;show env\n', 'admin'), '\nPermission denied\n\n');
  assert.equal(await converse('operator;show cli level\n', 'user'), 'Permission denied\n\nuser\n\n');
});

test('an unknown command names those that go on alike', async () => {
  const text = await converse('show nothing\n');
  assert.match(text, /^Unknown command, but maybe one of the following ones is a better match:\n {2}show /);
  assert.doesNotMatch(text, /set weight/);
  assert.match(text, / {2}quit {36}: disconnect\n\n$/);
  const slip = await converse('shwo stat\n');
  assert.match(slip, /better match:\n {2}show stat \[desc\|json\|no-maint\|typed\|up\]\*: [^\n]+\n {2}help /);
});

test('an empty command lists everything, whatever the level', async () => {
  const text = await converse('\n', 'user');
  assert.match(text, /^Unknown command\. Please enter one of the following commands only:\n/);
  assert.match(text, / {2}set secret <bk>\/<srv> /);
});

test('help lists the commands in order, or those that match its words', async () => {
  const text = await converse('help\n');
  assert.match(text, /^The following commands are valid at this level:\n/);
  const lines = text.split('\n').slice(1, -5);
  assert.deepEqual(lines, lines.toSorted());
  const matching = await converse('help show stat\n');
  assert.match(matching, /level:\n {2}show stat [^\n]+\n {2}help \[<command>\]/);
});

test('a payload follows a line that ends with <<, up to an empty line', async () => {
  assert.equal(await converse('say payload a <<\nb\nc; d\n\nshow version\n'), 'a|b\nc; d\n|\n\n2.6.12-test\n\n');
  assert.equal(await converse('say payload <<\r\nb\r\n\r\n'), '|b\n|\n\n');
  assert.equal(await converse('say payload <<;b\n\n'), '|b\n|\n\n');
  // What is not ended is not carried out.
  assert.equal(await converse('say payload <<\nb\n'), '');
  // Glued to a word it is part of it.
  assert.equal(await converse('say payload a<<\nb\n\n'), 'a<<|b\n|\n\n');
  assert.equal(await converse('say payload <<EOF\n'), '<<EOF|none|\n\n');
});

test('the prompt changes while a payload is entered', async () => {
  assert.equal(
    await converse(['prompt\n', 'say payload <<\n', 'b\n', 'c\n', '\n', 'quit\n']),
    '\n> + + + |b\nc\n|\n\n> ',
  );
});

test('severities stand before messages, and never before data', async () => {
  assert.equal(await converse('show env NOPE\n', 'admin', 'number'), '[3]: Variable not found\n\n');
  assert.equal(await converse('show env NOPE\n', 'admin', 'string'), '[err]: Variable not found\n\n');
  assert.equal(await converse('show version\n', 'admin', 'string'), '2.6.12-test\n\n');
  assert.match(await converse('xyzzy\n', 'admin', 'number'), /^\[6\]: Unknown command/);
  assert.equal(await converse('set severity-output number;show env NOPE\n'), '\n[3]: Variable not found\n\n');
});

test('expert and experimental mode are told, and end with the level', async () => {
  assert.equal(
    await converse('expert-mode;expert-mode on;expert-mode;expert-mode off;expert-mode\n'),
    'expert-mode is OFF\n\n\nexpert-mode is ON\n\n\nexpert-mode is OFF\n\n',
  );
  assert.equal(await converse('experimental-mode on;operator;experimental-mode\n'), '\n\nPermission denied\n\n');
});

test('a command longer than a buffer ends the conversation', async () => {
  const command = (length: number): string => `show env ${'A'.repeat(length - 10)}\n`;
  assert.equal(await converse(command(16_383)), 'Variable not found\n\n');
  assert.equal(await converse(command(16_384)), '');
  assert.equal(await converse(['show env ', ...Array.from({ length: 100 }, () => 'A'.repeat(1000))]), '');
  assert.equal(await converse(['say payload <<\n', ...Array.from({ length: 100 }, () => `${'A'.repeat(1000)}\n`)]), '');
});

test('escaped semicolons and blanks belong to the word', async () => {
  assert.equal(await converse('say payload a\\;b;say payload c\n'), 'a;b|none|\n\nc|none|\n\n');
  assert.deepEqual(splitWords('set  a\\ b\tc\\;d'), ['set', 'a b', 'c;d']);
});

test('an answer that takes time holds back the commands behind it', async () => {
  assert.equal(await converse('take time;show version\n'), 'later\n\n2.6.12-test\n\n');
});

test('an answer that fails says so, and the conversation goes on', async () => {
  assert.equal(await converse('fail;show version\n'), 'Internal error: a thread ended\n\n2.6.12-test\n\n');
});

test('an answer in pieces is asked for no faster than the client takes it, and no longer than it is there', async () => {
  let made = 0;
  let isEnded = false;
  function* pieces(): Generator<string> {
    try {
      for (;;) {
        made++;
        yield 'x'.repeat(1000);
      }
    } finally {
      isEnded = true;
    }
  }
  const endless: Command = {
    words: ['endless'],
    parameters: '',
    help: 'never stop',
    level: 'user',
    run: () => new Stream(pieces()),
  };
  const client = new Client(['endless\n']);
  let writes = 0;
  client.write = async (): Promise<boolean> => {
    await Promise.resolve();
    return ++writes < 3;
  };
  await new CliSession(new Interpreter([endless]), newContext(runtime, 'test', 'user'), client).converse();
  assert.equal(isEnded, true);
  // Three writes of what is collected before one is sent.
  assert.ok(made <= 3 * 17, String(made));
});

test('an answer that fails in the middle says so behind what there was', async () => {
  function* broken(): Generator<string> {
    yield 'first\n';
    throw new Error('out of order');
  }
  const breaks: Command = { ...takesTime, words: ['break'], run: () => new Stream(broken()) };
  assert.equal(
    await converse('break;show version\n', 'user', 'none', [breaks]),
    'first\nInternal error: out of order\n\n2.6.12-test\n\n',
  );
});

test('no input makes a session throw', async () => {
  const pieces = fc.constantFrom(
    'show',
    ' ',
    ';',
    '\\',
    '\n',
    'help',
    'prompt',
    'quit',
    'xyz',
    '\0',
    '\r',
    '@1 ',
    '<<',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(pieces), fc.array(fc.string({ unit: 'binary' })), async (words, garbage) => {
      await converse([words.join(''), ...garbage], 'user');
    }),
  );
});
