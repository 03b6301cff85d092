import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CliSession } from './session.ts';
import { Interpreter, splitCommands, splitWords } from './interpreter.ts';
import type { Command, CommandContext, Level } from './command.ts';
import { COMMANDS } from '../commands.ts';
import type { Runtime } from '../runtime.ts';

const runtime = { version: '2.6.12-test', environment: { HOME: '/root' } } as unknown as Runtime;

const secret: Command = {
  words: ['set', 'secret'],
  parameters: '<bk>/<srv>',
  help: 'change a weight',
  level: 'admin',
  run: () => 'done\n',
};

function session(level: Level = 'admin'): CliSession {
  const context: CommandContext = { runtime, origin: 'test', level, interactive: false, leaving: false };
  return new CliSession(new Interpreter([...COMMANDS, secret]), context);
}

// The expectations below are what haproxy 2.6.12 sent for the same input.

test('one line is answered, with a blank line after each answer, and the connection ends', () => {
  assert.deepEqual(session().handle('show version\n'), { text: '2.6.12-test\n\n', close: true });
  assert.deepEqual(session().handle('show version;show version\n'), {
    text: '2.6.12-test\n\n2.6.12-test\n\n',
    close: true,
  });
  assert.deepEqual(session().handle('operator\n'), { text: '\n', close: true });
});

test('a second line after the first is not answered without the prompt', () => {
  assert.equal(session().handle('show version\nshow version\n').text, '2.6.12-test\n\n');
});

test('prompt keeps the conversation going until quit', () => {
  const interactive = session();
  assert.deepEqual(interactive.handle('prompt\n'), { text: '\n> ', close: false });
  assert.deepEqual(interactive.handle('show version\n'), { text: '2.6.12-test\n\n> ', close: false });
  assert.deepEqual(interactive.handle('quit\n'), { text: '', close: true });
});

test('quit ends a line of commands', () => {
  assert.deepEqual(session().handle('show version;quit;show version\n'), { text: '2.6.12-test\n\n', close: true });
});

test('a command split over packets is one command', () => {
  const slow = session();
  assert.deepEqual(slow.handle('show ver'), { text: '', close: false });
  assert.equal(slow.handle('sion\n').text, '2.6.12-test\n\n');
});

test('a last line without its line feed is answered at the end of input', () => {
  const half = session();
  half.handle('show version');
  assert.deepEqual(half.handleEnd(), { text: '2.6.12-test\n\n', close: true });
});

test('levels: a command above the level is refused, and a level can only be lowered', () => {
  assert.equal(session('operator').handle('set secret a/b 1\n').text, 'Permission denied\n\n');
  assert.equal(session('admin').handle('set secret a/b 1\n').text, 'done\n\n');
  assert.equal(session('admin').handle('user;show env\n').text, '\nPermission denied\n\n');
  assert.equal(session('user').handle('operator;show cli level\n').text, 'Permission denied\n\nuser\n\n');
});

test('an unknown command names those that begin alike', () => {
  const { text } = session().handle('show nothing\n');
  assert.match(text, /^Unknown command, but maybe one of the following ones is a better match:\n {2}show backend/);
  assert.doesNotMatch(text, /set weight/);
  assert.match(text, / {2}quit {36}: disconnect\n\n$/);
});

test('an empty command lists everything of the level', () => {
  assert.match(
    session('user').handle('\n').text,
    /^Unknown command\. Please enter one of the following commands only:\n/,
  );
  assert.doesNotMatch(session('user').handle('\n').text, /set weight/);
});

test('help lists the commands, or those that begin with its words', () => {
  assert.match(session().handle('help\n').text, /^The following commands are valid at this level:\n/);
  const { text } = session().handle('help show s\n');
  assert.match(text, /show stat/);
  assert.doesNotMatch(text, /show info/);
});

test('escaped semicolons and blanks belong to the word', () => {
  assert.deepEqual(splitCommands('a\\;b;c'), ['a\\;b', 'c']);
  assert.deepEqual(splitWords('set  a\\ b\tc\\;d'), ['set', 'a b', 'c;d']);
});

test('show env tells one variable or that it is not there', () => {
  assert.equal(session().handle('show env HOME\n').text, 'HOME=/root\n\n');
  assert.equal(session().handle('show env NOPE\n').text, 'Variable not found\n\n');
});

test('no input makes a session throw', () => {
  const pieces = fc.constantFrom('show', ' ', ';', '\\', '\n', 'help', 'prompt', 'quit', 'xyz', '\0', '\r', '@1 ');
  fc.assert(
    fc.property(fc.array(pieces), (parts) => {
      const { text } = session('user').handle(parts.join(''));
      return typeof text === 'string';
    }),
  );
});
