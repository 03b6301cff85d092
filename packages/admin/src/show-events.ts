/** `show events [<sink>] [-w] [-n]` (management manual, section 9.3): what rings hold, and what comes into them. */

import type { Command, CommandContext } from './cli/command.ts';
import { Stream, fault } from './cli/command.ts';

const HEAD = 'Supported events sinks are listed below. Add -w(wait), -n(new). Any key to stop\n';

interface ReadingOptions {
  /** `-n` */
  readonly fromEnd: boolean;
  /** `-w` */
  readonly follows: boolean;
}

/** `-w`, `-n`, or both in one word in either order. */
const OPTION = /^-(?:w|n|wn|nw)$/;

export const showEvents: Command = {
  words: ['show', 'events'],
  parameters: '[<sink>] [-w] [-n]',
  help: 'show event sink state',
  level: 'user',
  async run({ runtime }, [name, ...options]) {
    const sinks = await runtime.events.sinks();
    if (name === undefined) {
      const lines = sinks.map(
        ({ description, dropped, name: sink, type }) =>
          `    ${sink.padEnd(10)} : type=${type}, ${dropped} dropped, ${description}\n`,
      );
      return `${HEAD}${lines.join('')}`;
    }
    const sink = sinks.find((one) => one.name === name);
    // These sentences come without a line feed of their own, as HAProxy's do.
    if (sink === undefined) return fault('No such event sink');
    if (sink.type !== 'buffer') return fault('Nothing to report for this sink');
    if (!options.every((option) => OPTION.test(option))) return fault('unknown option');
    const letters = options.join('');
    const how = { fromEnd: letters.includes('n'), follows: letters.includes('w') };
    return new Stream(events(runtime, name, how), how.follows);
  },
};

/** The ring's events in pieces. Made by hand, because a generator that waits would not hear that nobody listens any more. */
function events(
  { events: service }: CommandContext['runtime'],
  ring: string,
  how: ReadingOptions,
): AsyncIterable<string> {
  return {
    [Symbol.asyncIterator](): AsyncIterator<string, undefined> {
      let isOver = false;
      let answer: ((text: string) => void) | undefined;
      const reading = service.readRing(ring, how, (text, isLast) => {
        isOver = isLast;
        answer?.(text);
      });
      return {
        async next() {
          if (isOver) return { done: true, value: undefined };
          const text = new Promise<string>((resolve) => (answer = resolve));
          reading.more();
          return { done: false, value: await text };
        },
        async return() {
          isOver = true;
          reading.stop();
          answer?.('');
          return await Promise.resolve({ done: true, value: undefined });
        },
      };
    },
  };
}
