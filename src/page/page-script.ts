/**
 * Keeps the page live: every two seconds it fetches the parts that change, as the proxy draws them,
 * and takes over those that differ. What is fetched was escaped where it was drawn.
 */
export const PAGE_SCRIPT = `
'use strict';
const contact = document.getElementById('contact');
let lastMs = Date.now();

function takeOver(text) {
  const fresh = new DOMParser().parseFromString(text, 'text/html');
  for (const part of fresh.querySelectorAll('[data-live]')) {
    const shown = document.getElementById(part.id);
    if (shown && shown.innerHTML !== part.innerHTML) shown.replaceChildren(...part.childNodes);
  }
}

function tell(text) {
  if (contact.textContent !== text) contact.textContent = text;
}

async function look() {
  try {
    const answer = await fetch('api/status?format=html', { cache: 'no-store', signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(String(answer.status));
    takeOver(await answer.text());
    lastMs = Date.now();
    tell('');
  } catch {
    tell('No contact with the proxy since ' + new Date(lastMs).toISOString().slice(11, 19) + ' UTC; what is shown is from then.');
  }
  setTimeout(look, 2000);
}

setTimeout(look, 2000);
`;
