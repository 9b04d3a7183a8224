import fc from "fast-check";
import { within } from "../../src/deadline.js";
import { explain, KEYS } from "./answers.js";
import { audit, USERS } from "./history.js";
import { decide, type Model, nameOf, type Try } from "./model.js";
import type { Real } from "./world.js";

export type Command = fc.AsyncCommand<Model, Real>;

/** A kind of command and how often it comes, in comparison. */
export type Weighted = { weight: number; arbitrary: fc.Arbitrary<Command> };

/** What a command may take, in milliseconds: a fault that never mends is a failure, too. */
const LONGEST = 60_000;

/** How often each kind of command ran, by its name or by `name: variant`. */
export const ran: Record<string, number> = {};

/** A command of a history: what it does, and where it may stand. Afterwards all that is promised is looked at. */
export function command(
  kind: string,
  details: string,
  run: (model: Model, real: Real) => Promise<void>,
  check: (model: Model) => boolean = () => true,
): Command {
  const text = `${kind}${details && ` ${details}`}`;
  return {
    check,
    run: async (model, real) => {
      try {
        await within(LONGEST, run(model, real), () => new Error("no end"));
        await audit(model, real);
      } catch (error) {
        throw new Error(`${text}: ${(error as Error).message}`, {
          cause: error,
        });
      }
      ran[kind] = (ran[kind] ?? 0) + 1;
    },
    // Each on a line of its own.
    toString: () => `\n  ${text}`,
  };
}

/** A try at one of the servers. */
export type TryAt = Try & { server: number };

/** Tries one after the other, each answered as the model says. */
export async function tryAll(
  model: Model,
  real: Real,
  tries: TryAt[],
): Promise<void> {
  for (const one of tries) await tryAtOnce(model, real, [one]);
}

/** Tries all at once, answered as the model says for some order of them. All with the first one's roll. */
export async function tryAtOnce(
  model: Model,
  real: Real,
  tries: TryAt[],
  meanwhile: () => Promise<unknown> = async () => {},
): Promise<void> {
  const roll = tries[0]?.roll ?? 0;
  await real.setRoll(roll);
  const [answers] = await Promise.all([
    Promise.all(
      tries.map(({ server, user, key }) =>
        real.draw(server, nameOf(model, user), key),
      ),
    ),
    meanwhile(),
  ]);
  explain(
    model,
    answers.map((answer, n) => ({ ...(tries[n] as TryAt), roll, answer })),
  );
  for (const { user } of tries) await noted(model, real, user);
}

/** Waits until it is noted that a user was told everything: a key of yesterday leaves a win of today untold. */
export async function noted(
  model: Model,
  real: Real,
  user: string,
): Promise<void> {
  const untold = model.wins.some((win) => win.user === user && !win.told);
  if (!untold) await real.delivered(nameOf(model, user));
}

/** What a try would be answered. */
export const foresee = (model: Model, one: Try) =>
  decide(structuredClone(model), one);

export const bothUp = ({ servers }: Model) => servers.every(({ up }) => up);

export const anyServer = fc.nat({ max: 1 });

/** One of them more often, so that much happens to her. */
export const anyUser = fc.constantFrom("ann", ...USERS);

/** Half of them without a key. */
const anyKey = fc.option(fc.constantFrom(...KEYS), { freq: 2 });

/** The first or the last roll of a tenth of the odds. */
const anyRoll = fc
  .tuple(fc.nat({ max: 9 }), fc.boolean())
  .map(([tenth, last]) => tenth * 100_000_000 + (last ? 99_999_999 : 0));

export const anyTry: fc.Arbitrary<TryAt> = fc.record({
  user: anyUser,
  key: anyKey,
  roll: anyRoll,
  server: anyServer,
});

export function show({ user, key, roll, server }: TryAt): string {
  const by = key === null ? "" : ` with ${key}`;
  return `${user}${by} at ${server}, roll ${roll}`;
}
