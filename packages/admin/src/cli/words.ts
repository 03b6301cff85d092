/** How a line of the runtime socket is cut: into commands at `;`, and those into words (management manual, section 9.3). */

/** HAProxy's own limit of words in one command. */
const MAX_WORDS = 64;

/** The first command of what was received; undefined while its end has not come. */
export function splitCommand(text: string): { readonly command: string; readonly length: number } | undefined {
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '\\') index++;
    else if (character === ';') return { command: text.slice(0, index), length: index + 1 };
    else if (character === '\n') {
      const end = text[index - 1] === '\r' ? index - 1 : index;
      return { command: text.slice(0, end), length: index + 1 };
    }
  }
  return undefined;
}

/** Words of one command: separated by blanks; a backslash makes the next character plain. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '\\' && index + 1 < text.length) word = (word ?? '') + text[++index];
    else if (character === ' ' || character === '\t' || character === '\0') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + character;
  }
  if (word !== undefined) words.push(word);
  return words.slice(0, MAX_WORDS);
}
