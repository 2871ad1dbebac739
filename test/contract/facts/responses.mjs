import { getPage, pageController, start } from './support.mjs';

/** What the client gets for an error in the shape of `http-errors`. */
export async function httpError(expose) {
  class Desk {
    page() {
      throw Object.assign(new Error('for the log'), { status: 504, statusCode: 504, expose });
    }
  }
  const { status, text } = await getPage({ controller: pageController(Desk) });
  return { status, body: JSON.parse(text) };
}

/** A request under way goes on between the two shutdown hooks, and is answered. */
export async function shutDown() {
  const order = [];
  let enter;
  let leave;
  const entered = new Promise((resolve) => (enter = resolve));
  const left = new Promise((resolve) => (leave = resolve));
  class Desk {
    async page() {
      enter();
      await left;
      order.push('handler ends');
      return 'page';
    }
  }
  class Hooks {
    beforeApplicationShutdown() {
      order.push('beforeApplicationShutdown');
      setTimeout(() => leave(), 50);
    }
    onApplicationShutdown() {
      order.push('onApplicationShutdown');
    }
  }
  const { app, url } = await start({ controller: pageController(Desk), providers: [Hooks] });
  const answer = fetch(url).then((response) => response.text());
  await entered;
  await app.close();
  return { order, answer: await answer };
}
