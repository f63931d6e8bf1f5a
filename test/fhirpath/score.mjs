// An independent scorer for the tests: FHIRPath over FHIR resources.
//
// It reads lines of JSON on standard input. A line {"questionnaire": Q} sets the
// questionnaire, a line {"response": R} is scored and answered by one line
// {"total", "band", "critical", "exported"}. The totals, bands and critical
// answers come from the expressions below, written from the publishers' tables;
// "exported" is what the questionnaire's own calculatedExpression says.
import {createInterface} from 'node:readline';
import fhirpath from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4';

const items = (n) => Array.from({length: n}, (_, i) => `'${i + 1}'`).join('|');
const total = (n) =>
  `iif(item.where(linkId in (${items(n)}) and answer.value.weight().exists()).count() = ${n},
       item.where(linkId in (${items(n)})).answer.value.weight().sum(), {})`;
const compile = (text) => fhirpath.compile(text, r4);

const tables = {
  'urn:zugou:questionnaire:phq-9': {
    total: compile(total(9)),
    critical: compile(`item.where(linkId = '9').answer.value.weight() >= 1`),
    band: compile(`iif(%total >= 20, 'severe', iif(%total >= 15, 'moderately_severe',
      iif(%total >= 10, 'moderate', iif(%total >= 5, 'mild', 'none'))))`),
  },
  'urn:zugou:questionnaire:gad-7': {
    total: compile(total(7)),
    critical: compile('false'),
    band: compile(`iif(%total >= 15, 'severe', iif(%total >= 10, 'moderate', iif(%total >= 5, 'mild', 'none')))`),
  },
};

let questionnaire, table, exported;
for await (const line of createInterface({input: process.stdin})) {
  const message = JSON.parse(line);
  if (message.questionnaire) {
    questionnaire = message.questionnaire;
    table = tables[questionnaire.url];
    const own = questionnaire.item.find((i) => i.linkId === 'total').extension
      .find((e) => e.url.endsWith('sdc-questionnaire-calculatedExpression'));
    exported = compile(own.valueExpression.expression);
    continue;
  }
  const vars = {questionnaire, resource: message.response};
  const sum = table.total(message.response, vars)[0];
  const out = {
    total: sum ?? null,
    band: sum === undefined ? null : table.band(message.response, {...vars, total: sum})[0],
    critical: table.critical(message.response, vars)[0] === true,
    exported: exported(message.response, vars)[0] ?? null,
  };
  process.stdout.write(JSON.stringify(out) + '\n');
}
