// Package workforce is who works with the children: 基层力量+专业人才+N.
//
//	entered ─records check: clear─► may meet children ─a year─► check again
//	   │              └─barred─► never assigned, pairings end at once
//	   └─ qualification, training, supervision: papers with their dates
//
// Always true:
//   - Nobody is given a case or paired with a child without a records check in
//     force (入职查询, 未成年人保护法 art. 62), and without a qualification in
//     force where the kind of work asks for one. The check is asked for within
//     the change that assigns, so that a date can't slip between.
//   - Nobody records their own check, and a paper is never changed: a later one
//     is added, and the latest counts.
//   - A proposal for a case says why: need, area, language, sex, load. It is a
//     proposal; a person assigns.
//
// How long a check holds and what qualifies are dated data (policy/workforce);
// so are the duties of the departments by kind of matter (policy/duties).
package workforce
