// Package hotline holds the rules of the telephone line and what callers hear,
// as data that officials change.
package hotline

import "embed"

// Line is the rules in force from their date.
//
//go:embed line.json
var Line []byte

// Words are those of a chat that must not wait.
//
//go:embed words.json
var Words []byte

// Prompts are the spoken texts, 8 kHz A-law WAV, made by a speech synthesiser
// from prompt/texts.json until the bureau records its own.
//
//go:embed prompt/*.wav
var Prompts embed.FS
