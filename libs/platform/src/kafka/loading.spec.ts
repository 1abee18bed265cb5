import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('.', import.meta.url);
const sources = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'));

describe('loading', () => {
  it.each(sources)('%s does not load kafkajs by being imported', (name) => {
    const text = readFileSync(new URL(name, folder), 'utf8');
    expect(text).not.toMatch(/^import (?!type )[^;]*from 'kafkajs/m);
  });

  it('exports no type of kafkajs', () => {
    const text = readFileSync(new URL('index.ts', folder), 'utf8');
    expect(text).not.toMatch(/'kafkajs'|KafkaClient/);
  });
});
