// Package crypto keeps the keys of a house and all that is done with them:
// fields sealed in the database, keyed look-up, the audit chain's MAC,
// passwords, second factors, tokens and codes.
//
// # The keyring
//
// Keys live in one file, keyring.json, in a folder of its own outside the
// database and outside every backup (docs/adr/0004-keys.md). It holds
//
//	sealing keys   one of each cipher from the start; Rotate adds more
//	index key      keyed look-up of what is sealed; never changes
//	MAC key        audit chain and signatures; never changes
//
// The setting chooses the cipher of new cells: SM4-GCM (GB/T 32907, for
// GB/T 39786 houses) or AES-256-GCM. Cells of both stay readable always, so
// the setting may change at any time.
//
// # A sealed cell
//
//	v1:<key id>:<base64url of nonce(12) | ciphertext | tag(16)>
//
// The caller's aad names table, column and row ("person.phone:0192…"), so a
// cell that was copied to another place doesn't open there. An empty text is
// stored as an empty text: that a field is empty is no secret here, nor is a
// text's length.
//
// # Subjects
//
// A person's fields are sealed under a key of that person alone, which is
// itself stored sealed ("wrapped") in the person's row. Destroying the
// wrapped key erases the fields everywhere, old backups included as far as
// their copy of it is destroyed too.
//
// Always true: nothing in this package logs; no error holds a plaintext, a
// key or an aad; every comparison of secrets takes constant time; nonces are
// random, so one sealing key must seal fewer than 2^32 cells (NIST SP
// 800-38D, 8.3) — subjects take that load off the ring's own keys.
package crypto
