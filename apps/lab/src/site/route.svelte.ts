// Where the reader is: the fragment of the address. #/ is the front page, #/NAME a lesson, #/playground the playground;
// what follows a second slash belongs to the page (a heading of the article, shared code).

export interface Route {
  readonly page: string;
  readonly rest: string;
}

function parse(hash: string): Route {
  const [, page = "", rest = ""] = /^#\/([^/]*)(?:\/(.*))?$/.exec(hash) ?? [];
  return { page, rest };
}

class RouteState {
  #current: Route = $state(parse(location.hash));

  constructor() {
    addEventListener("hashchange", () => {
      this.#current = parse(location.hash);
    });
  }

  get current(): Route {
    return this.#current;
  }
}

export const route: RouteState = new RouteState();
