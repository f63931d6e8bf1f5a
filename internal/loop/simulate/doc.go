// Package simulate is a district of badges that speak the real protocols over
// real connections, for the demonstration, for tests and for measuring.
//
//	life  where a child is at an instant, and what its badge would know of it
//	      (pure: the same seed and instant give the same answer)
//	voice one protocol's words: sign on, link, position, alarm, answers
//	badge one connection: talks, waits for the answer to an alarm and says it
//	      again until the answer comes, comes back after a break
//	Run   all of them, with their numbers
//
// What is simulated is what the field showed: indoors without a fix and with
// Wi-Fi only, flat batteries, clocks eight hours or ten years off, frames
// said twice, positions kept during a break and told afterwards as history.
package simulate
