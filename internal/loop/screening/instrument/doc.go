// Package instrument reads questionnaires that are data and scores answers to
// them.
//
// An instrument is one versioned JSON file in the folder instruments/: its
// items by code and by the number printed on the published form, options,
// reversed items, subscales, bands, cut-offs, levels, critical items, what a
// blank means, who may answer, for which ages, under which licence and from
// which address. The same file is rendered by the browser. Officials change
// it, not programmers; Parse refuses a file that contradicts itself.
//
// Always true:
//
//   - Answers are found by the item's identifier, never by position: PHQ-A has
//     the items of PHQ-9 in another order, RSES and PSC-17 circulate in two.
//   - Every item about suicide is critical in all its affirmative values; Parse
//     refuses an instrument where one is not. So a low total can't hide a yes.
//   - A suicide item that was skipped or refused never counts as a no: it stands
//     in Result.Missing and sets NeedsPerson, and no level that means "no" is
//     given.
//   - What can't be scored has no total, band or subscale; critical answers in
//     it are reported all the same.
//   - Nothing here reads a clock, a file or a database, and nothing here names a
//     diagnosis: a result is a suggestion to a named professional.
//
// Texts shipped are drafts: no publisher's form was at hand. Wording.Draft says
// so, and Digest is what a professional's signature refers to.
//
// Source of the scoring tables: the publishers named in each file, as gathered
// in the project's screening reference.
package instrument
