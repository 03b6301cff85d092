/** `show errors` (management manual, section 9.3): the last invalid request of each frontend and response of each backend. */

import type { InvalidMessage, NamedObject } from '@evenkeel/proxy';
import type { Command } from './cli/command.ts';
import { Stream, fault } from './cli/command.ts';
import type { Runtime } from './runtime.ts';

export const showErrors: Command = {
  words: ['show', 'errors'],
  parameters: '[<px>] [request|response]',
  help: 'report last request and/or response errors for each proxy',
  level: 'operator',
  async run({ runtime }, [which, direction]) {
    const id = which === undefined ? -1 : numberOf(runtime, which);
    if (id === undefined) return fault('No such proxy.\n');
    const { size, messages } = await lastOfAll(runtime);
    const wanted = messages.filter(
      (message) =>
        ((direction !== 'request' && direction !== 'response') || message.direction === direction) &&
        (id < 0 || message.frontend.id === id || message.backend?.id === id),
    );
    return new Stream([
      `Total events captured on [${dateText(runtime.dateNow())}] : ${size}\n`,
      ...wanted.map((message) => report(message, runtime.plan().config.global.tune.bufsize)),
    ]);
  },
};

function numberOf(runtime: Runtime, which: string): number | undefined {
  const named = runtime.plan().config.proxies.find(({ name }) => name === which);
  if (named !== undefined) return named.id;
  return /^-?\d+$/.test(which) ? Number(which) : undefined;
}

/** Of what the threads have kept, the last of each proxy and direction, in the order in which HAProxy lists proxies; `size` counts all there were. */
async function lastOfAll(
  runtime: Runtime,
): Promise<{ readonly size: number; readonly messages: readonly InvalidMessage[] }> {
  const last = new Map<string, InvalidMessage>();
  let size = 0;
  for (const { answer } of await runtime.ask({ type: 'invalid-messages' })) {
    for (const message of answer) {
      const key = `${message.direction} ${ownerOf(message).name}`;
      size = Math.max(size, message.event + 1);
      if ((last.get(key)?.event ?? -1) < message.event) last.set(key, message);
    }
  }
  const order = runtime.plan().config.proxies.map(({ name }) => name);
  const place = (message: InvalidMessage): number => order.indexOf(ownerOf(message).name);
  return { size, messages: [...last.values()].toSorted((left, right) => place(left) - place(right)) };
}

const ownerOf = ({ direction, frontend, backend }: InvalidMessage): NamedObject =>
  direction === 'request' ? frontend : (backend ?? frontend);

function report(message: InvalidMessage, bufsize: number): string {
  const { direction, event, dateMs, frontend, backend, server, source, bytes, position } = message;
  const owner = ownerOf(message);
  const [side, other, otherSide] =
    direction === 'request' ? ['frontend', backend, 'backend'] : ['backend', frontend, 'frontend'];
  return (
    ` \n[${dateText(dateMs)}] ${side} ${owner.name} (#${owner.id}): invalid ${direction}\n` +
    `  ${otherSide} ${nameText(other)}, server ${nameText(server)}, event #${event}, src ${source}\n` +
    `  buffer starts at 0 (including 0 out), ${Math.max(0, bufsize - bytes.length)} free,\n` +
    `  len ${bytes.length}, wraps at ${bufsize}, error at position ${position} :\n  \n` +
    dump(bytes)
  );
}

const nameText = (object: NamedObject | undefined): string =>
  object === undefined ? '<NONE> (#-1)' : `${object.name} (#${object.id})`;

/** A line of it is at most 79 characters wide; one that was broken goes on behind a `+`. */
const WIDTH = 79;
const PREFIX = 9;

function dump(bytes: string): string {
  let text = '';
  let line = '';
  let lineStart = 0;
  let isContinued = false;
  const flush = (next: number, ended: boolean): void => {
    text += `  ${String(lineStart).padStart(5, '0')}${isContinued ? '+' : ' '} ${line}\n`;
    line = '';
    lineStart = next;
    isContinued = !ended;
  };
  for (let index = 0; index < bytes.length; index++) {
    const shown = shownCharacter(bytes[index]);
    if (PREFIX + line.length + shown.length > WIDTH) flush(index, false);
    line += shown;
    if (bytes[index] === '\n') flush(index + 1, true);
  }
  if (line !== '') flush(bytes.length, true);
  return text;
}

function shownCharacter(character: string): string {
  const escaped = ESCAPES[character];
  if (escaped !== undefined) return escaped;
  const code = character.charCodeAt(0);
  return code >= 32 && code < 127 ? character : `\\x${code.toString(16).toUpperCase().padStart(2, '0')}`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\x1b': '\\e',
  '\\': '\\\\',
};

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `04/Mar/2009:15:46:56.081`, local time. */
function dateText(dateMs: number): string {
  const date = new Date(dateMs);
  const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');
  return (
    `${pad(date.getDate())}/${MONTHS[date.getMonth()]}/${date.getFullYear()}:` +
    `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`
  );
}
