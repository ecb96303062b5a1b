// Where a stack could say its secrets to whoever looks: in what its containers have written, and in the image that they are made of.
import { docker } from './docker.ts';
import type { ComposeStack } from './stack.ts';

const SECRET = /PASSWORD|SETUP|KEY|COOKIE/;
/** Those that brokers and store need, and OPAQUE's. */
const SECRETS_MIN = 4;

/** Which of the secrets of its settings are said, and where. Throws where there is nothing to look for, or to look at. */
export async function secretsSaid(stack: ComposeStack, image: string): Promise<string[]> {
  const secrets = Object.entries(stack.settings).filter(([name, value]) => SECRET.test(name) && value !== '');
  const places = {
    logs: await stack.compose('logs', '--no-color'),
    image: await docker(['image', 'inspect', image]),
    history: await docker(['history', '--no-trunc', image]),
  };
  if (secrets.length < SECRETS_MIN || Object.values(places).includes(''))
    throw new Error('There is nothing to look at.');
  return Object.entries(places).flatMap(([place, text]) =>
    secrets.filter(([, value]) => text.includes(value)).map(([name]) => `${name} in ${place}`),
  );
}
