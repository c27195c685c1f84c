// What a check tells `cargo xtask interop`: one fact a line on standard output.

export const client = (name, version) => console.log(`client ${name} ${version}`);
export const needed = (what) => console.log(`needed ${what}`);
/** A request variant of docs/LIVEPERSON.md §2 that was sent and answered with a token. */
export const sent = (variant) => console.log(`sent ${variant}`);
export const seen = (what) => console.log(`seen ${what}`);

/** The settings, as the emulator's `env` file has them. */
export const settings = () => ({
  account: process.env.LP_ACCOUNT_ID,
  clientId: process.env.LP_CLIENT_ID,
  clientSecret: readFileSync(process.env.LP_CLIENT_SECRET_FILE, 'utf8').trim(),
  domainApi: process.env.LP_DOMAIN_API,
});

/** Where a service lives: what the Domain API says. */
export async function host(service) {
  const { account, domainApi } = settings();
  const reply = await fetch(`${domainApi}/api/account/${account}/service/${service}/baseURI.json?version=1.0`);
  if (!reply.ok) throw new Error(`the Domain API says ${reply.status}`);
  return (await reply.json()).baseURI;
}

import { readFileSync } from 'node:fs';
