import { randomUUID } from 'node:crypto';
import { PullAgentChannel, openOrder, sealReport } from '../../../dist/libs/messaging/src/index.js';
import { HttpClient, systemClock } from '../../../dist/libs/platform/src/index.js';
import { keyIdOf, newSigningKey, publicKeyPem, readPublicKey } from '../../../dist/libs/proof/src/index.js';

/** Agents of many sites over the agents' own channel: they take every order and say so at once, signed, and do nothing. */
export class SimulatedAgent {
  #sequence = 0;
  #incarnation = randomUUID();
  #key = newSigningKey();

  constructor(url, site) {
    this.http = new HttpClient({ url });
    this.site = site;
    this.agent = 'agent-1';
    this.keyId = keyIdOf(this.#key.publicKey);
  }

  async enrol(token) {
    const body = { agent: this.agent, publicKey: publicKeyPem(this.#key.publicKey), channel: 'pull' };
    const answer = await this.http.request('POST', `/v1/sites/${this.site}/agents`, { headers: { authorization: `Bearer ${token}` }, body, timeoutMs: 20_000 });
    if (answer.status !== 201) throw new Error(`an agent was not enrolled: ${answer.body.toString()}`);
    const serviceKey = readPublicKey(JSON.parse(answer.body.toString()).servicePublicKey);
    this.serviceKeys = new Map([[keyIdOf(serviceKey), serviceKey]]);
  }

  async start() {
    const { http, site, agent, keyId } = this;
    const [key, now] = [this.#key.privateKey, () => systemClock.now()];
    this.channel = new PullAgentChannel({ http, site, agent, key, keyId, now, cursor: 0, onTrouble: () => undefined });
    await this.channel.start({ orders: (messages) => this.#take(messages), receipt: () => Promise.resolve() });
  }

  announce(nodes, labels) {
    const said = nodes.map((node) => ({ kind: 'announced', node, product: 'orchat', labels, version: 'v0.6.2', health: 'healthy' }));
    return this.channel.send(said.map((part) => this.#report(part)));
  }

  async stop() {
    await this.channel?.stop();
    this.http.close();
  }

  async #take(messages) {
    const orders = messages.map((bytes) => openOrder(bytes, this.serviceKeys)).filter((opened) => opened.ok);
    await this.channel.send(orders.map(({ body: { node, order, epoch } }) => this.#report({ kind: 'accepted', node, order, epoch })));
  }

  #report(part) {
    const { site, agent } = this;
    const body = { site, agent, incarnation: this.#incarnation, sequence: (this.#sequence += 1), at: systemClock.now(), ...part };
    return { node: part.node, bytes: sealReport(body, [], this.#key.privateKey, this.keyId) };
  }
}
