// Package staff keeps accounts: who signs in, how far, and with which rights.
//
//	account   waiting ──approve──► active ◄──lock/unlock──► locked
//	             └──reject──► left ◄──────leave──────┴─────────┘
//
//	session   sign-in ─► second_factor | enrol_second_factor ─► change_password ─► ok ◄─► locked ─► ended
//
//	grant     proposed ──approve──► active ──revoke──► revoked
//	             └──reject──► rejected └── day of its end ──► ended
//
// Always true:
//   - What a session may do is worked out from its account and grants at every
//     reading, nothing is kept in the token: a right revoked is gone with the
//     commit, and the event "session ended" closes the open streams.
//   - Only keyed hashes of tokens, codes and links are stored; passwords as
//     argon2id; phones sealed.
//   - A grant is proposed by the system administrator and approved by the
//     security administrator: never one person, never for oneself (三员分立,
//     GB/T 22239-2019 8.1.5). The paper with its number stays for good: it is
//     the approval that 未成年人网络保护条例 asks for access to minors' data.
//   - The last administrator of a kind for an area can't be removed.
//   - Failed tries cost growing time for the account at that place, for the
//     address, and for the account from places it never signed in from. A
//     place it knows is not shut out by an attack from elsewhere.
//
// It does not send messages: a code to a phone goes out through Sender.
package staff
