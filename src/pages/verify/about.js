import { html } from "../html.js";

/** What can be checked by whom, and, as plainly, what can't. */
export function About() {
  return html`<section id="about" class="about" aria-labelledby="about-title">
    <h2 id="about-title">What this shows, and what it can’t</h2>
    <p>
      Before a day begins, the operator publishes the fingerprint of a secret. From that secret follows the roll of each person who
      draws. Every draw gets a line in a public log, whose fingerprint is signed every few seconds. After the day the secret is
      published, and everybody can compute everything again.
    </p>
    <div class="whom">
      <article class="panel">
        <h3>You, who drew</h3>
        <ul>
          <li>Your draw stands in the log as you were told, and can’t be changed or taken out without your receipt proving it.</li>
          <li>Your roll was fixed before the day: it did not depend on when you drew, and nobody chose it because it was you.</li>
          <li>With that roll, the odds and what was left, your outcome is the right one.</li>
        </ul>
        <p>Keep your receipt: it is the one thing that only you have.</p>
      </article>
      <article class="panel">
        <h3>An auditor</h3>
        <ul>
          <li>All of the above for every draw of a day, without the operator’s help: <code>npm run verify</code> does it with the files of a day, a million draws in a minute.</li>
          <li>With the key of the names: whose line is whose, that each person has one name in the log, and which names are on no list of participants.</li>
          <li>Whether the outcomes, taken together, are as likely as the odds say.</li>
        </ul>
      </article>
      <article class="panel">
        <h3>A regulator</h3>
        <ul>
          <li>That the process was random in a way that can be verified, and how prizes were distributed: each with its time, its number and the odds in force.</li>
          <li>Every change of odds, quotas and rules, with the moment from which it held.</li>
          <li>What went wrong: numbers of lines that may have been lost are declared in the log itself.</li>
        </ul>
      </article>
    </div>
    <h3>What it can’t show</h3>
    <ul>
      <li>
        <strong>The operator knows the day’s secret while the day lasts.</strong> Answers are instant, so the server must. Whoever has the secret can compute
        whose roll wins, and could enter invented people with winning rolls, or refuse somebody (“try again later”) whose roll wins. Receipts,
        the counts of draws and refusals, an auditor’s list of participants and statistics bound that: invented winners are among the names,
        and the refused can complain. They don’t rule it out.
      </li>
      <li>
        <strong>Without a public beacon the secret is the operator’s choice.</strong> It was fixed before the day, but could have been picked among many. With a
        beacon it could not: the rolls then depend on a number that nobody knew when the day was sealed. Each day says which it is.
      </li>
      <li>
        <strong>Whether a sealed name is yours.</strong> The log has 32 characters in its place. Your receipt has the same ones; that they were made from your name
        only the operator and an auditor can compute.
      </li>
      <li>
        <strong>Whether the winners got their prizes.</strong> The log ends with what was won.
      </li>
      <li>
        <strong>Whether two people were shown different logs.</strong> Compare the root of a checkpoint with somebody else: whoever signed two logs for one
        day is convicted by both.
      </li>
      <li>
        <strong>That this page itself is honest.</strong> It comes from the operator, too. Who does not want to rely on that computes with <code>npm run verify</code>,
        from a copy of their own, or by the <a href="https://github.com/C2SP/C2SP/blob/main/tlog-checkpoint.md" rel="noreferrer">published formats</a> with other tools.
        The signature of a beacon is checked there, too; browsers can’t.
      </li>
    </ul>
  </section>`;
}
