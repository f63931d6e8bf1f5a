// Package school is the register of schools: a school is a thing with an id, and
// its name may change, or be that of another school.
//
//	entered ──► changed ──► merged into another (its names lead there) ──► parted again
//
// Always true:
//
//   - A pupil, a teacher's class, a member of a campaign and a printed sheet
//     name a school by id. The name stands beside the id to be read, and follows
//     when the school is renamed or merged (Ports.Moved, in the same change).
//   - Lists and forms that know a name only mean the one school of the name in
//     the child's district. Where there are several, or there is one in another
//     district only, nothing is guessed: the pupil has the name and no id, stands
//     in no teacher's list, and somebody is asked (package person, questions).
//   - A name that no school has yet is a new school if who writes may enter
//     schools there, as an import's owner may; else it is asked about.
//   - Earlier names and those of merged schools go on meaning the school.
//   - A merger keeps who and what came by it. Within its days it is undone: what
//     came and was not moved on since goes back.
//   - That a school exists is no secret; how many pupils of the register it has
//     is told within the areas of who asks.
//
// Who may do what stands in the table of rights: school.read, school.write. A
// merger asks for the right at both schools, since the teachers of the one find
// the pupils of the other after it.
package school
