import { useState } from "preact/hooks";
import { campaign } from "../campaign.js";
import { html } from "../html.js";
import { ask } from "./session.js";

/** @typedef {import("./campaigns.js").Campaign} Campaign */

/** @type {[keyof Campaign, string, string, string][]} field, label, inputmode, what it means */
const TEXTS = [
  ["title", "Title", "text", "As participants read it."],
  [
    "time_zone",
    "Time zone",
    "text",
    "Such as Asia/Hong_Kong; empty: the service's.",
  ],
  [
    "starts_at",
    "Start",
    "text",
    "Such as 2099-12-01T00:00:00+08:00; empty: it has begun.",
  ],
  ["ends_at", "End", "text", "From then on nobody draws; empty: no end."],
  ["draws_per_day", "Draws a day", "numeric", "Of a user, 1 to 100."],
  [
    "wins_per_user",
    "Wins a user",
    "numeric",
    "In the whole campaign; empty: no limit.",
  ],
  [
    "claim_days",
    "Days to claim",
    "numeric",
    "After the draw; empty: the service's.",
  ],
];

const NUMBERS = ["draws_per_day", "wins_per_user", "claim_days"];

const FLAGS = ["verifiable", "frozen", "active"];

/**
 * The rules of the campaign, and a form for a new one.
 *
 * @param {{ session: import("./session.js").Session, campaigns: import("./campaigns.js").Campaigns }} props
 */
export function Rules({ session, campaigns }) {
  const { table, problem, put } = campaigns;
  const [told, setTold] = useState({ is: "", sentence: "" });
  const its = table?.campaigns.find(({ id }) => id === (campaign ?? "default"));

  /** @param {string} method @param {string} path @param {object} body @param {string} done */
  async function save(method, path, body, done) {
    const headers = { "if-match": `"${table?.version}"` };
    const answer = await ask(session, path, { method, body, headers });
    const isSaved = answer.status === 200 || answer.status === 201;
    if (isSaved) put(answer.body.data);
    setTold(
      isSaved
        ? { is: "good", sentence: done }
        : { is: "bad", sentence: answer.body.error },
    );
    if (answer.status === 412) campaigns.read();
  }

  /** @param {SubmitEvent} event */
  function change(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const entered = new FormData(form);
    const fields = TEXTS.map(([field]) => [
      field,
      readField(field, String(entered.get(field) ?? "").trim()),
    ]);
    const flags = FLAGS.map((name) => [name, entered.has(name)]);
    const proof_names = entered.get("proof_names");
    const all = { ...Object.fromEntries([...fields, ...flags]), proof_names };
    // What is as it was is not sent: moments are written in more than one way.
    const edits = Object.entries(all).filter(
      ([field, value]) =>
        its && value !== its[/** @type {keyof Campaign} */ (field)],
    );
    if (edits.length === 0)
      return setTold({ is: "", sentence: "Nothing has changed." });
    save(
      "PATCH",
      `campaigns/${its?.id}`,
      Object.fromEntries(edits),
      "Saved, in force at all servers within two seconds.",
    );
  }

  /** @param {SubmitEvent} event */
  function make(event) {
    event.preventDefault();
    const entered = new FormData(
      /** @type {HTMLFormElement} */ (event.currentTarget),
    );
    const [id, title] = [entered.get("id"), entered.get("title")].map((it) =>
      String(it).trim(),
    );
    save(
      "POST",
      "campaigns",
      { id, title, active: false },
      `${id} is made, inactive. Choose it above, and give it prizes and dates.`,
    );
  }

  return html`
    <h2 id="rules-title">Rules</h2>
    <div role="status">
      ${told.sentence && html`<p class=${`note ${told.is}`}>${told.sentence}</p>`}
      ${problem && html`<p class="note bad">${problem}</p>`}
      ${table && !its && html`<p class="note bad">There is no campaign ${campaign}.</p>`}
    </div>
    ${
      its &&
      html`<form class="panel rules" key=${table?.version} onSubmit=${change}>
        ${TEXTS.map(
          ([field, label, inputmode, hint]) => html`<div key=${field}>
            <label for=${`rule-${field}`}>${label}</label>
            <input
              id=${`rule-${field}`}
              name=${field}
              inputmode=${inputmode}
              autocomplete="off"
              aria-describedby=${`rule-${field}-hint`}
              defaultValue=${its[field] ?? ""}
            />
            <small id=${`rule-${field}-hint`} class="hint">${hint}</small>
          </div>`,
        )}
        <label><input type="checkbox" role="switch" name="active" defaultChecked=${its.active} /> Active</label>
        <label>
          <input type="checkbox" role="switch" name="verifiable" defaultChecked=${its.verifiable} />
          Verifiable: anybody can check its draws, from its next day on
        </label>
        <div>
          <label for="rule-proof_names">Names in what is published then</label>
          <select id="rule-proof_names" name="proof_names" aria-describedby="rule-proof_names-hint">
            ${["sealed", "open"].map(
              (names) => html`<option
                key=${names}
                value=${names}
                selected=${names === its.proof_names}
              >${names}</option>`,
            )}
          </select>
          <small id="rule-proof_names-hint" class="hint">Sealed: codes that only who drew and an auditor can match.</small>
        </div>
        <label>
          <input type="checkbox" role="switch" name="frozen" defaultChecked=${its.frozen} />
          Frozen: from its start on, nothing can be taken back, not even this
        </label>
        <button type="submit">Save the rules</button>
      </form>`
    }
    <form class="panel rules" onSubmit=${make}>
      <h3>A new campaign</h3>
      <div>
        <label for="new-campaign-id">Id</label>
        <input id="new-campaign-id" name="id" required pattern="[a-z0-9][a-z0-9\\-]{0,31}" autocomplete="off" />
        <small class="hint">Lower-case letters, digits and dashes: it stands in addresses.</small>
      </div>
      <div>
        <label for="new-campaign-title">Title</label>
        <input id="new-campaign-title" name="title" required maxlength="200" autocomplete="off" />
      </div>
      <button type="submit">Make it</button>
    </form>
  `;
}

/** @param {string} field @param {string} text */
function readField(field, text) {
  if (text === "") return null;
  return NUMBERS.includes(field) && /^\d+$/.test(text) ? Number(text) : text;
}
