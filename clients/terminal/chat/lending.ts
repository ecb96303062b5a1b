// Questions in a chat: the line lends the keyboard for as long as one question follows another, so that nothing that is typed ahead of a
// password ever stands on the line.
import type { App } from '../app.ts';
import type { Ask } from '../prompt.ts';
import type { Front } from './front.ts';

/** The questions of an app, asked where the chat is typed. */
export function lendingAsk(app: App, front: Front): Pick<App, 'ask' | 'askOpenly' | 'endQuestions'> {
  let giveBack: (() => void) | undefined;

  function end(): void {
    app.endQuestions();
    giveBack?.();
    giveBack = undefined;
  }

  function lending(ask: Ask): Ask {
    return async (question, moreToCome = false) => {
      if (giveBack === undefined) {
        const lent = Promise.withResolvers<void>();
        giveBack = lent.resolve;
        void front.question(() => lent.promise);
      }
      let asksMore = false;
      try {
        const answer = await ask(front.fitted(question), moreToCome);
        asksMore = moreToCome;
        return answer;
      } finally {
        if (!asksMore) end();
      }
    };
  }

  return { ask: lending(app.ask), askOpenly: lending(app.askOpenly), endQuestions: end };
}
