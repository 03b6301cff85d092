/** Which names the language accepts (manual chapter 4): letters, digits, dash, underscore, dot and colon. */

/** The first character of `name` that HAProxy refuses, or undefined. */
export function invalidCharacter(name: string): string | undefined {
  return /[^A-Za-z0-9_.:-]/.exec(name)?.[0];
}
