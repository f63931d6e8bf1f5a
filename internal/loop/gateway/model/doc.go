// Package model keeps what the models of devices mean by the bits and fields that
// their protocol leaves to the maker: the profiles that come with the program,
// and the versions that officials put over them.
//
//	proposed ──► waiting ──approved by a second person──► published (a number)
//	                │ ├──► refused
//	                │ └──► withdrawn (by who wrote it)
//
// Always true:
//   - A frame never waits for the database: all profiles stand in memory and are
//     read anew every few seconds in each process (Models.Run), so that a new
//     version reaches a device that is on the line.
//   - A version is what two people looked at: who wrote it can't publish it.
//   - No version takes a call for help away, neither when it is proposed, nor
//     when it is published, nor when it is read (profile.Set.With): one that
//     would is not used, and the one below it stays.
//   - Frames that somebody pastes to try a draft are read and forgotten: they
//     hold where a child was.
package model
