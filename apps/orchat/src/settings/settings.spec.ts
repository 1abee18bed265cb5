import type { Shape } from '../releases.js';
import { defaultSettings, parseSettings, renderSettings } from './settings.js';

const shapes: Shape[] = ['schema2', 'schema3', 'schema3-metrics', 'schema4'];

function problemsIn(text: string): string[] {
  const parsed = parseSettings(text);
  return 'problems' in parsed ? parsed.problems : [];
}

type Sections = Record<string, Record<string, unknown>>;

function changed(shape: Shape, change: (document: Sections) => void): string {
  const document = JSON.parse(renderSettings(defaultSettings(shape))) as Sections;
  change(document);
  return JSON.stringify(document);
}

describe('settings', () => {
  it.each(shapes)('of %s are read as they were written', (shape) => {
    const settings = defaultSettings(shape);
    expect(parseSettings(renderSettings(settings))).toEqual({ settings });
  });

  it('of schema 3 are told apart by their metrics section', () => {
    const shapeOf = (shape: Shape) => {
      const parsed = parseSettings(renderSettings(defaultSettings(shape)));
      return 'settings' in parsed && parsed.settings.shape;
    };
    expect([shapeOf('schema3'), shapeOf('schema3-metrics')]).toEqual(['schema3', 'schema3-metrics']);
  });

  it('keep what the person put on the top level, as it was written', () => {
    const text = renderSettings(defaultSettings('schema4')).replace('{', '{ "mine": [1.0,  2],');
    const parsed = parseSettings(text);
    if ('problems' in parsed) throw new Error(parsed.problems.join());
    expect(parsed.settings.own).toEqual([{ key: 'mine', rawKey: '"mine"', raw: '[1.0,  2]' }]);
    expect(renderSettings(parsed.settings)).toContain('"mine": [1.0,  2]');
  });

  it.each([
    ['', /^not valid JSON/],
    ['null', /^must be a JSON object/],
    ['{}', /^schema: is missing/],
    ['{ "schema": "4" }', /^schema: "4" is unknown; it must be 2, 3 or 4/],
    ['{ "schema": 4, "schema": 4 }', /^schema: appears twice/],
  ])('%j are refused', (text, problem) => {
    expect(problemsIn(text)[0]).toMatch(problem);
  });

  it.each<[string, (document: Sections) => void]>([
    ['provider.model: is missing', (document) => delete document.provider!.model],
    ['provider.endpoint: "x" is not an http address or', (document) => (document.provider!.endpoint = 'x')],
    ['provider.timeoutMs: 0 is not a whole number from 1', (document) => (document.provider!.timeoutMs = 0)],
    ['provider.timeoutMs: 1.5 is not a whole number', (document) => (document.provider!.timeoutMs = 1.5)],
    ['generation.temperature: 3 is not a number', (document) => (document.generation!.temperature = 3)],
    ['generation.stop: [1] is not a list of texts', (document) => (document.generation!.stop = [1])],
    ['history.enabled: "yes" is not true or false', (document) => (document.history!.enabled = 'yes')],
    ['history.colour: is not a setting', (document) => (document.history!.colour = 'red')],
    ['workspace.ignore: is missing', (document) => (document.workspace = null as never)],
    ['observability.metrics.labels: {"a":1} is not an object', (document) => {
      document.observability!.metrics = { ...(document.observability!.metrics as object), labels: { a: 1 } };
    }],
  ])('name the field: %s', (problem, change) => {
    expect(problemsIn(changed('schema4', change)).find((line) => line.startsWith(problem))).toBeDefined();
  });
});
