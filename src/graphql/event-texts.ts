/** How what a stream tells is written, in the format of server-sent events. */
export interface EventWords<T> {
  readonly next: (value: T) => string;
  readonly end: string;
  /** Says what went wrong, at the end. */
  readonly failed: (error: unknown) => string;
}

const comment = ":\n\n";

/**
 * The texts of a stream of events, each when the one before has been taken. A comment goes first, so that the client
 * knows it listens, and again whenever it was quiet for so long: nobody on the way then takes the connection for dead.
 */
export async function* eventTexts<T>(
  events: AsyncGenerator<T>,
  { next, end, failed }: EventWords<T>,
  quietMs: number,
): AsyncGenerator<string, void, undefined> {
  yield comment;
  try {
    for (let coming = events.next(); ; ) {
      const came = await withinQuiet(coming, quietMs);
      if (came === "quiet") yield comment;
      else if (came.done) return yield end;
      else {
        yield next(came.value);
        coming = events.next();
      }
    }
  } catch (error) {
    yield failed(error);
  } finally {
    await events.return(undefined);
  }
}

function withinQuiet<T>(coming: Promise<T>, quietMs: number): Promise<T | "quiet"> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, quietMs, "quiet");
    coming.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
