// Package fhir writes instruments and answers as FHIR R4 Questionnaire and
// QuestionnaireResponse, and reads them back.
//
// FHIR is a way out and in, not an engine: scores come from the instrument
// package only. A Questionnaire written here carries the whole instrument in an
// extension, beside the standard parts that any other system reads (choice
// items, ordinalValue, enableWhen, an SDC calculatedExpression for the total);
// when it is read back, the standard parts must say the same, so that nobody
// changes a question under its scoring. A Questionnaire from elsewhere becomes
// a draft: its items and options are taken, its licence, bands, critical items
// and words in the other language are left to a person, and the list of what is
// open is handed back. Nothing about suicide is guessed.
//
// Source: hl7.org/fhir/R4/questionnaire.html, hl7.org/fhir/uv/sdc (4.0.0).
package fhir
