// What a setting should be, in words that a person can act on. Read off its schema, because the schema's own messages speak to
// programmers ("expected number, received NaN").
import { z } from 'zod';

/** The bounds of a schema as JSON Schema writes them. */
type Bounds = {
  readonly minimum?: number | undefined;
  /** A boolean in drafts of JSON Schema that zod does not write. */
  readonly exclusiveMinimum?: number | boolean | undefined;
  readonly maximum?: number | undefined;
};

/** `it must be a whole number from 0 to 65535`, without a full stop; `messages`, of the schema, where it has no rule that words are known for. */
export function expected(schema: z.ZodType, messages: readonly string[]): string {
  const rule = z.toJSONSchema(schema, { unrepresentable: 'any' });
  switch (rule.type) {
    case 'integer':
      return `it must be a whole number${range(rule)}`;
    case 'number':
      return `it must be a number${range(rule)}`;
    case 'boolean':
      return 'it must be true or false';
  }
  if (rule.enum !== undefined) return `it must be ${rule.enum.slice(0, -1).join(', ')} or ${rule.enum.at(-1)}`;
  if (rule.type === 'string' && rule.pattern === undefined) return 'it must not be empty';
  return messages.join('; ');
}

function range({ minimum, exclusiveMinimum, maximum = Number.MAX_SAFE_INTEGER }: Bounds): string {
  const end = maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  if (exclusiveMinimum !== undefined) return ` above ${exclusiveMinimum}${end === undefined ? '' : `, at most ${end}`}`;
  if (minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER) return end === undefined ? '' : ` up to ${end}`;
  return ` from ${minimum}${end === undefined ? '' : ` to ${end}`}`;
}
