// Package voice carries the sound of the children's hotline: 20 ms frames of
// 8 kHz speech, a room where the ends of one conversation hear each other,
// prompts, keys, and recordings that survive a kill.
//
//	caller (RTP) ─┐                      ┌─► caller hears seat + prompts
//	seat (RTP)   ─┼─► Room, every 20 ms ─┼─► seat hears caller + prompts
//	110 (RTP)    ─┘                      └─► Recorder: caller left, all others right
//
// Always true:
//   - A leg that sends nothing is silence, never a gap for the others.
//   - A recorder that is slow, full or dead never delays a frame.
//   - A recording is sealed chunk by chunk and synced to disk: a kill loses at
//     most the last ChunkFrames of it.
//
// Standards: ITU-T G.711 (both laws), RFC 3550 (RTP), RFC 4733 (keys).
package voice
