/**
 * The typed and JSON forms of figures (management manual, section 9.2): every value with its type, where it comes from, how it
 * moves and what it holds for.
 */

export type FigureType = 'str' | 'u32' | 's32' | 'u64' | 'flt';

/** One value: its place in the list of its kind, and what an aggregator must know of it. */
export interface TypedValue {
  readonly position: number;
  readonly name: string;
  /** Origin, nature and scope by their letters: `MCP` is a counter that the process measures. */
  readonly tags: string;
  readonly type: FigureType;
  readonly value: string | number;
  readonly description: string;
}

/** Process number: there is one process. */
const PROCESS = 1;

/** What is written around the value of a figure: the same for every object that has it. */
export interface Frame {
  readonly before: string;
  readonly after: string;
}

type FigureOfList = Omit<TypedValue, 'value'>;

/** `6.Pid.1:SGP:u32:` before the value; the object, `F.2.0.` for the frontend of proxy 2, stands before that. */
export function typedFrame(figure: FigureOfList, withDescription: boolean, withProcess = true): Frame {
  const { position, name, tags, type, description } = figure;
  const process = withProcess ? `.${PROCESS}` : '';
  return {
    before: `${position}.${name}${process}:${tags}:${type}:`,
    after: withDescription ? `:"${description}"\n` : '\n',
  };
}

export function typedLine(object: string, figure: TypedValue, withDescription: boolean, withProcess = true): string {
  const { before, after } = typedFrame(figure, withDescription, withProcess);
  return `${object}${before}${figure.value}${after}`;
}

/** One object of the lists that `show schema json` describes; after its `{` stand the members of the object, each with its comma. */
export function jsonFrame({ position, name, tags, type }: FigureOfList, withProcess = true): Frame {
  const process = withProcess ? `"processNum":${PROCESS},` : '';
  const [origin, nature, scope] = tags;
  return {
    before:
      `"field":{"pos":${position},"name":${JSON.stringify(name)}},${process}` +
      `"tags":{"origin":"${ORIGINS[origin] ?? UNKNOWN}","nature":"${NATURES[nature] ?? UNKNOWN}","scope":"${SCOPES[scope] ?? UNKNOWN}"},` +
      `"value":{"type":"${type}","value":`,
    after: '}}',
  };
}

export function jsonFigure(object: string, figure: TypedValue, withProcess = true): string {
  const { before, after } = jsonFrame(figure, withProcess);
  return `{${object}${before}${JSON.stringify(figure.value)}${after}`;
}

const UNKNOWN = 'Unknown';
const ORIGINS: Readonly<Record<string, string>> = { M: 'Metric', S: 'Status', K: 'Key', C: 'Config', P: 'Product' };
const NATURES: Readonly<Record<string, string>> = {
  G: 'Gauge',
  L: 'Limit',
  m: 'Min',
  M: 'Max',
  R: 'Rate',
  C: 'Counter',
  D: 'Duration',
  A: 'Age',
  T: 'Time',
  N: 'Name',
  O: 'Output',
  a: 'Avg',
};
const SCOPES: Readonly<Record<string, string>> = { C: 'Cluster', P: 'Process', S: 'Service', s: 'System' };

/** `show schema json`: what the JSON forms of `show info` and `show stat` look like (json-schema.org, draft 4). */
export function jsonSchema(): string {
  const reference = (name: string): object => ({ $ref: `#/definitions/${name}` });
  const common = {
    field: reference('field'),
    processNum: reference('processNum'),
    tags: reference('tags'),
  };
  const natural = { type: 'integer', minimum: 0 };
  const words = (values: Readonly<Record<string, string>>): object => ({
    type: 'string',
    enum: [...Object.values(values), UNKNOWN],
  });
  const list = (title: string, properties: object, required: readonly string[]): object => ({
    title,
    type: 'array',
    items: { title: 'InfoItem', type: 'object', properties, required },
  });
  const value = (type: string, content: object): object => ({
    properties: { type: { type: 'string', enum: [type] }, value: content },
    required: ['type', 'value'],
  });
  const integer = (minimum: number, maximum: number): object => ({ type: 'integer', minimum, maximum });
  const types = ['s32', 's64', 'u32', 'u64', 'str'];
  return JSON.stringify({
    $schema: 'http://json-schema.org/draft-04/schema#',
    oneOf: [
      list('Info', { ...common, value: reference('typedValue') }, ['field', 'processNum', 'tags', 'value']),
      list(
        'Stat',
        {
          objType: { enum: ['Frontend', 'Backend', 'Listener', 'Server', UNKNOWN] },
          proxyId: natural,
          id: natural,
          ...common,
          typedValue: reference('typedValue'),
        },
        ['objType', 'proxyId', 'id', 'field', 'processNum', 'tags', 'value'],
      ),
      { title: 'Error', type: 'object', properties: { errorStr: { type: 'string' } }, required: ['errorStr'] },
    ],
    definitions: {
      field: { type: 'object', pos: natural, name: { type: 'string' }, required: ['pos', 'name'] },
      processNum: { type: 'integer', minimum: 1 },
      tags: {
        type: 'object',
        origin: words(ORIGINS),
        nature: words(NATURES),
        scope: words(SCOPES),
        required: ['origin', 'nature', 'scope'],
      },
      typedValue: {
        type: 'object',
        oneOf: types.map((type) => reference(`typedValue/definitions/${type}Value`)),
        definitions: {
          s32Value: value('s32', integer(-(2 ** 31), 2 ** 31 - 1)),
          s64Value: value('s64', integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)),
          u32Value: value('u32', integer(0, 2 ** 32 - 1)),
          u64Value: value('u64', integer(0, Number.MAX_SAFE_INTEGER)),
          strValue: value('str', { type: 'string' }),
          unknownValue: {
            properties: { type: natural, value: { type: 'string', enum: ['unknown'] } },
            required: ['type', 'value'],
          },
        },
      },
    },
  });
}
