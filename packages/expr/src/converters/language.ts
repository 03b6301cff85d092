/** Choice among languages by an Accept-Language value (manual section 7.3.1, "language"). */

/** The wanted language with the highest quality, the first of equals; case counts, and a variant matches its base language. */
export function pickLanguage(accepted: string, wanted: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestQuality = 0;
  for (const element of accepted.split(',')) {
    const [range = '', ...parameters] = element.split(';').map((part) => part.trim());
    const quality = qualityOf(parameters);
    if (quality <= bestQuality) continue;
    const base = range.split('-', 1)[0];
    const found = wanted.includes(range) ? range : wanted.includes(base) ? base : undefined;
    if (found === undefined) continue;
    best = found;
    bestQuality = quality;
  }
  return best;
}

/** Thousandths; 1000 without a quality. */
function qualityOf(parameters: readonly string[]): number {
  const text = parameters
    .map((parameter) => /^q=(\d(?:\.\d{0,3})?)/.exec(parameter)?.[1])
    .find((quality) => quality !== undefined);
  return text === undefined ? 1000 : Math.round(Number(text) * 1000);
}
