/**
 * Regular expressions: HAProxy's are PCRE2's, the engine here is JavaScript's. This translates the one into the other where they
 * differ in notation, and refuses what the engine cannot do, so that no pattern silently means something else. Texts are
 * latin1, one character per byte, as PCRE2 sees them.
 *
 * Known differences that stay: `$` does not match before a final line feed, and ignoring case also pairs accented letters
 * of latin1.
 */

export interface TranslatedRegex {
  readonly source: string;
  readonly flags: string;
}

/** Thrown inside, with PCRE2's sentence where it has one. */
class RegexRefusal extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** HAProxy's sentence for a pattern that does not compile; undefined for one that does. */
export function regularExpressionError(pattern: string, ignoreCase: boolean): string | undefined {
  try {
    compile(pattern, ignoreCase);
    return undefined;
  } catch (error) {
    if (error instanceof RegexRefusal)
      return `regex '${pattern}' is invalid (error=${error.message}, erroffset=${error.offset})`;
    return `regex '${pattern}' is invalid (error=${engineError(error)})`;
  }
}

function compile(pattern: string, ignoreCase: boolean): void {
  const { source, flags } = translateRegex(pattern, ignoreCase);
  // Made for its syntax check alone.
  void new RegExp(source, flags);
}

/** Source and flags for `new RegExp`. Throws for what cannot be expressed; the parser has asked `regularExpressionError`. */
export function translateRegex(pattern: string, ignoreCase: boolean): TranslatedRegex {
  return { source: new Translator(pattern).translate(), flags: ignoreCase ? 'i' : '' };
}

const ENGINE_ERRORS: readonly (readonly [RegExp, string])[] = [
  [/Unterminated group/, 'missing closing parenthesis'],
  [/Unmatched '\)'/, 'unmatched closing parenthesis'],
  [/Nothing to repeat/, 'quantifier does not follow a repeatable item'],
  [/Range out of order in character class/, 'range out of order in character class'],
  [/numbers out of order/, 'numbers out of order in {} quantifier'],
  [/Unterminated character class/, 'missing terminating ] for character class'],
  [/Invalid named reference|Invalid capture group name|Duplicate capture group name/, 'bad group name'],
];

function engineError(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (
    ENGINE_ERRORS.find(([pattern]) => pattern.test(message))?.[1] ??
    message.replace(/^Invalid regular expression: /, '')
  );
}

const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7f',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t-\\r ',
  upper: 'A-Z',
  word: '0-9A-Z_a-z',
  xdigit: '0-9A-Fa-f',
};

/** Escapes for sets that the engines define differently, as they stand inside a class. */
const SETS: Readonly<Record<string, string>> = {
  s: '\\t-\\r ',
  S: '\\x00-\\x08\\x0e-\\x1f!-\\xff',
  h: '\\t \\xa0',
  H: '\\x00-\\x08\\n-\\x1f!-\\x9f\\xa1-\\xff',
  v: '\\n-\\r\\x85',
  V: '\\x00-\\t\\x0e-\\x84\\x86-\\xff',
};

/** Walks a pattern once and writes the engine's notation. */
class Translator {
  private readonly pattern: string;
  private index = 0;
  private out = '';
  /** One entry per open group: the groups that were opened inside it for inline options, to be closed with it. */
  private readonly groups: string[][] = [[]];

  constructor(pattern: string) {
    this.pattern = pattern;
  }

  translate(): string {
    if (this.pattern.startsWith('(*')) this.refuse('pattern verbs are not supported');
    while (this.index < this.pattern.length) this.step();
    this.out += ')'.repeat(this.groups[0].length);
    return this.out;
  }

  private step(): void {
    const char = this.pattern[this.index];
    switch (char) {
      case '\\':
        this.escape();
        return;
      case '[':
        this.characterClass();
        return;
      case '(':
        this.group();
        return;
      case ')':
        // An unmatched one goes to the engine, which refuses it.
        this.out += ')'.repeat((this.groups.length > 1 ? this.groups.pop()!.length : 0) + 1);
        this.index++;
        return;
      case '|': {
        // Inline options reach over the bar, a group does not.
        const inline = this.groups.at(-1)!;
        this.out += `${')'.repeat(inline.length)}|${inline.join('')}`;
        this.index++;
        return;
      }
      case '.':
        this.out += '[^\\n]';
        this.index++;
        return;
      case '*':
      case '+':
      case '?':
      case '}':
        this.quantifierEnd(char);
        return;
      default:
        this.out += char;
        this.index++;
    }
  }

  /** A `+` behind a quantifier makes it possessive, which the engine does not have. */
  private quantifierEnd(char: string): void {
    const closesCount = char !== '}' || /\{\d+(,\d*)?$/.test(this.pattern.slice(0, this.index));
    if (closesCount && this.pattern[this.index + 1] === '+') this.refuse('possessive quantifiers are not supported');
    this.out += char;
    this.index++;
    // What follows a quantifier is part of it (lazy), never a quantifier of its own.
    if (closesCount && this.pattern[this.index] === '?') {
      this.out += '?';
      this.index++;
    }
  }

  private group(): void {
    const rest = this.pattern.slice(this.index);
    const comment = /^\(\?#[^)]*\)/.exec(rest);
    if (comment !== null) {
      this.index += comment[0].length;
      return;
    }
    const flags = /^\(\?([a-z]*)(?:-([a-z]*))?([:)])/.exec(rest);
    if (flags !== null) {
      this.inlineFlags(flags[0], flags[1], flags[2] ?? '', flags[3] === ':');
      return;
    }
    const named = /^\(\?(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/.exec(rest);
    if (named !== null) return this.open(named[0], `(?<${named[1] ?? named[2]}>`);
    const reference = /^\(\?P=([A-Za-z_]\w*)\)/.exec(rest);
    if (reference !== null) {
      this.out += `\\k<${reference[1]}>`;
      this.index += reference[0].length;
      return;
    }
    const look = /^\(\?(?:=|!|<=|<!)/.exec(rest);
    if (look !== null) return this.open(look[0], look[0]);
    if (rest.startsWith('(?>')) this.refuse('atomic groups are not supported');
    if (rest.startsWith('(?|')) this.refuse('branch reset groups are not supported');
    if (rest.startsWith('(?(')) this.refuse('conditional groups are not supported');
    if (rest.startsWith('(?')) this.refuse('unrecognized character after (? or (?-');
    if (rest.startsWith('(*')) this.refuse('pattern verbs are not supported');
    this.open('(', '(');
  }

  private open(written: string, translated: string): void {
    this.out += translated;
    this.index += written.length;
    this.groups.push([]);
  }

  /** `(?i)` holds up to the end of its group, so the rest of the group goes into a group of its own. */
  private inlineFlags(written: string, on: string, off: string, scoped: boolean): void {
    if (/[^ims]/.test(on + off)) this.refuse(`the option '${/[^ims]/.exec(on + off)![0]}' is not supported`);
    // The translated dot never matches a line feed, so `s` must be said another way.
    if (on.includes('s')) this.refuse("the option 's' is not supported; write [\\s\\S] for any character");
    const kept = (letters: string): string => letters.replaceAll('s', '');
    const minus = kept(off) === '' ? '' : `-${kept(off)}`;
    const translated = `(?${kept(on)}${minus}:`;
    if (scoped) return this.open(written, translated);
    this.out += translated;
    this.index += written.length;
    this.groups.at(-1)!.push(translated);
  }

  private escape(): void {
    const char = this.pattern[this.index + 1];
    if (char === undefined) this.refuse('\\ at end of pattern');
    const special = this.sharedEscape(char);
    if (special !== undefined) {
      this.out += special;
      return;
    }
    this.index += 2;
    const set = SETS[char];
    if (set !== undefined) this.out += `[${set}]`;
    else if (char === 'A') this.out += '(?<![^])';
    else if (char === 'z' || char === 'Z') this.out += '(?![^])';
    else if (char === 'R') this.out += '(?:\\r\\n|[\\n-\\r\\x85])';
    else if (char === 'N') this.out += '[^\\n]';
    else if (/[dDwWbB0-9k]/.test(char)) this.out += `\\${char}`;
    else if (/[A-Za-z]/.test(char)) {
      this.index -= 2;
      this.refuse(`\\${char} is not supported`);
    } else this.out += `\\${char}`;
  }

  /** Escapes that mean one character, in and out of classes; undefined for others, with nothing consumed. */
  private sharedEscape(char: string): string | undefined {
    const rest = this.pattern.slice(this.index + 1);
    const quoted = /^Q([^]*?)(?:\\E|$)/.exec(rest);
    if (quoted !== null) {
      this.index += 1 + quoted[0].length;
      return quoted[1].replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
    }
    if (char === 'E') {
      this.index += 2;
      return '';
    }
    const hex = /^x(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{0,2}))/.exec(rest);
    if (hex !== null) {
      const code = Number.parseInt(hex[1] ?? (hex[2] === '' ? '0' : hex[2]), 16);
      if (code > 0xff) this.refuse('character code point value in \\x{} or \\o{} is too large');
      this.index += 1 + hex[0].length;
      return `\\x${code.toString(16).padStart(2, '0')}`;
    }
    const control: Readonly<Record<string, string>> = {
      n: '\\n',
      r: '\\r',
      t: '\\t',
      f: '\\f',
      e: '\\x1b',
      a: '\\x07',
    };
    const code = control[char];
    if (code !== undefined) this.index += 2;
    return code;
  }

  private characterClass(): void {
    const start = this.index;
    this.index++;
    this.out += '[';
    if (this.pattern[this.index] === '^') {
      this.out += '^';
      this.index++;
    }
    // A closing bracket right after the opening one is a character of the class.
    if (this.pattern[this.index] === ']') {
      this.out += '\\]';
      this.index++;
    }
    for (;;) {
      const char = this.pattern[this.index];
      if (char === undefined) throw new RegexRefusal('missing terminating ] for character class', this.pattern.length);
      if (char === ']') break;
      if (char === '[') this.posixClass(start);
      else if (char === '\\') this.classEscape();
      else {
        this.out += char;
        this.index++;
      }
    }
    this.out += ']';
    this.index++;
  }

  private posixClass(start: number): void {
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(this.pattern.slice(this.index));
    if (posix === null) {
      this.out += '\\[';
      this.index++;
      return;
    }
    const members = POSIX_CLASSES[posix[2]];
    if (members === undefined) throw new RegexRefusal('unknown POSIX class name', start);
    if (posix[1] !== '') this.refuse('negated POSIX classes are not supported');
    this.out += members;
    this.index += posix[0].length;
  }

  private classEscape(): void {
    const char = this.pattern[this.index + 1];
    if (char === undefined) this.refuse('\\ at end of pattern');
    const special = this.sharedEscape(char);
    if (special !== undefined) {
      this.out += special;
      return;
    }
    const set = SETS[char];
    if (set === undefined && /[A-Za-z]/.test(char) && !/[dDwWb]/.test(char))
      this.refuse(`\\${char} is not supported in a class`);
    this.out += set ?? `\\${char}`;
    this.index += 2;
  }

  private refuse(message: string): never {
    throw new RegexRefusal(message, this.index);
  }
}
