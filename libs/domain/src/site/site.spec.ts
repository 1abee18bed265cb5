import fc from 'fast-check';
import { canonicalJson } from '#proof';
import { Story, given } from '../../../../test/support/given.js';
import { siteDecider } from './site.js';
import type { EnrolledAgent, SiteCommand, SiteEvent } from './site.js';

const agent = (rules: Partial<EnrolledAgent> = {}): EnrolledAgent => ({ agent: 'a-1', keyId: 'k-1', publicKey: 'PEM 1', channel: 'pull', ...rules });
const enrol = (rules: Partial<EnrolledAgent> = {}, site = 'home'): SiteCommand => ({ type: 'enrol-agent', site, agent: agent(rules) });
const enrolled = (rules: Partial<EnrolledAgent> = {}): SiteEvent => ({ type: 'site.agent-enrolled', data: { site: 'home', ...agent(rules) } });
const retire = (name = 'a-1'): SiteCommand => ({ type: 'retire-agent', site: 'home', agent: name, reason: 'replaced' });
const retired: SiteEvent = { type: 'site.agent-retired', data: { site: 'home', agent: 'a-1', reason: 'replaced' } };

describe('enrolling an agent', () => {
  it('makes its key known', () => {
    given(siteDecider).when(enrol()).records(enrolled());
    expect([...given(siteDecider, [enrolled()]).state.agents.values()]).toEqual([agent()]);
  });

  it('again is quiet', () => {
    given(siteDecider, [enrolled()]).when(enrol()).staysQuiet();
  });

  it('over another channel records the change, and the key stays', () => {
    given(siteDecider, [enrolled()]).when(enrol({ channel: 'kafka' })).records(enrolled({ channel: 'kafka' }));
    expect([...given(siteDecider, [enrolled(), enrolled({ channel: 'kafka' })]).state.agents.values()]).toEqual([agent({ channel: 'kafka' })]);
  });

  it('with another key is refused: who has the name must not be able to lose it', () => {
    for (const channel of ['pull', 'kafka'] as const) {
      given(siteDecider, [enrolled()]).when(enrol({ keyId: 'k-2', publicKey: 'PEM 2', channel })).refuses('agent-key-differs', { site: 'home', agent: 'a-1' });
    }
  });

  it('beside others does not touch them', () => {
    const second = { agent: 'a-2', keyId: 'k-2' };
    given(siteDecider, [enrolled()]).when(enrol(second)).records(enrolled(second));
    expect([...given(siteDecider, [enrolled(), enrolled(second)]).state.agents.keys()]).toEqual(['a-1', 'a-2']);
  });

  it('is refused under a name that is none', () => {
    given(siteDecider).when(enrol({ agent: 'A 1' })).refuses('node-name-invalid', { node: 'A 1' });
    given(siteDecider).when(enrol({}, '-home')).refuses('node-name-invalid', { node: '-home' });
  });
});

describe('retiring an agent', () => {
  it('takes its key out of use', () => {
    given(siteDecider, [enrolled()]).when(retire()).records(retired);
    expect([...given(siteDecider, [enrolled(), retired]).state.agents.keys()]).toEqual([]);
  });

  it('leaves its name for another key', () => {
    given(siteDecider, [enrolled(), retired]).when(enrol({ keyId: 'k-2' })).records(enrolled({ keyId: 'k-2' }));
  });

  it('is refused for an agent that there is not, or not any more', () => {
    given(siteDecider, [enrolled()]).when(retire('a-2')).refuses('agent-unknown', { site: 'home', agent: 'a-2' });
    given(siteDecider, [enrolled(), retired]).when(retire()).refuses('agent-unknown', { site: 'home', agent: 'a-1' });
  });
});

it('records messages that could not be trusted, of known agents and of nobody, as often as they come', () => {
  const message = { site: 'home', agent: null, reason: 'bad-signature', sha256: 'f'.repeat(64), bytes: 12 };
  const refused: SiteEvent = { type: 'site.message-refused', data: message };
  given(siteDecider).when({ type: 'refuse-message', ...message }).records(refused);
  given(siteDecider, [enrolled(), refused]).when({ type: 'refuse-message', ...message }).records(refused);
  expect(given(siteDecider, [enrolled(), refused]).state).toEqual(given(siteDecider, [enrolled()]).state);
});

it('is the same when its events are read back, and decides the same on them again', () => {
  const command: fc.Arbitrary<SiteCommand> = fc.oneof(
    fc.record({ agent: fc.constantFrom('a-1', 'a-2'), keyId: fc.constantFrom('k-1', 'k-2'), channel: fc.constantFrom('pull', 'kafka') }).map((rules) => enrol(rules)),
    fc.constantFrom('a-1', 'a-2').map(retire),
  );
  fc.assert(fc.property(fc.array(command, { maxLength: 30 }), (commands) => {
    const story = new Story(siteDecider);
    for (const one of commands) story.tell(one);
    const stored = story.events.map((event) => JSON.parse(canonicalJson(event)) as SiteEvent);
    expect(stored.reduce((state, event) => siteDecider.evolve(state, event), siteDecider.initial)).toEqual(story.state);
    for (const { before, command: asked, decided } of story.chapters) {
      expect(given(siteDecider, stored.slice(0, before)).when(asked).decided).toEqual(decided);
    }
  }), { numRuns: 50 });
});
